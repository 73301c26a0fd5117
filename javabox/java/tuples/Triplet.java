package org.javatuples;

import java.util.Collection;

/** Three values, each of a type of its own. */
public final class Triplet<A, B, C> extends Tuple implements Places.At0<A>, Places.At1<B>, Places.At2<C> {
    private static final long serialVersionUID = 1;

    public Triplet(A value0, B value1, C value2) {
        super(value0, value1, value2);
    }

    public static <A, B, C> Triplet<A, B, C> with(A value0, B value1, C value2) {
        return new Triplet<>(value0, value1, value2);
    }

    public static <X> Triplet<X, X, X> fromArray(X[] array) {
        check(3, array);
        return new Triplet<>(array[0], array[1], array[2]);
    }

    public static <X> Triplet<X, X, X> fromCollection(Collection<X> collection) {
        return fromArray(array(collection));
    }

    public <X> Triplet<X, B, C> setAt0(X value) {
        return new Triplet<>(value, getValue1(), getValue2());
    }

    public <X> Triplet<A, X, C> setAt1(X value) {
        return new Triplet<>(getValue0(), value, getValue2());
    }

    public <X> Triplet<A, B, X> setAt2(X value) {
        return new Triplet<>(getValue0(), getValue1(), value);
    }

    public <X> Quartet<A, B, C, X> add(X value) {
        return new Quartet<>(getValue0(), getValue1(), getValue2(), value);
    }

    public Pair<B, C> removeFrom0() {
        return new Pair<>(getValue1(), getValue2());
    }

    public Pair<A, C> removeFrom1() {
        return new Pair<>(getValue0(), getValue2());
    }

    public Pair<A, B> removeFrom2() {
        return new Pair<>(getValue0(), getValue1());
    }
}
