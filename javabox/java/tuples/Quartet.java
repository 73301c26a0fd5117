package org.javatuples;

import java.util.Collection;

/** Four values, each of a type of its own. */
public final class Quartet<A, B, C, D> extends Tuple implements Places.At0<A>, Places.At1<B>, Places.At2<C>,
                Places.At3<D> {
    private static final long serialVersionUID = 1;

    public Quartet(A value0, B value1, C value2, D value3) {
        super(value0, value1, value2, value3);
    }

    public static <A, B, C, D> Quartet<A, B, C, D> with(A value0, B value1, C value2, D value3) {
        return new Quartet<>(value0, value1, value2, value3);
    }

    public static <X> Quartet<X, X, X, X> fromArray(X[] array) {
        check(4, array);
        return new Quartet<>(array[0], array[1], array[2], array[3]);
    }

    public static <X> Quartet<X, X, X, X> fromCollection(Collection<X> collection) {
        return fromArray(array(collection));
    }

    public <X> Quartet<X, B, C, D> setAt0(X value) {
        return new Quartet<>(value, getValue1(), getValue2(), getValue3());
    }

    public <X> Quartet<A, X, C, D> setAt1(X value) {
        return new Quartet<>(getValue0(), value, getValue2(), getValue3());
    }

    public <X> Quartet<A, B, X, D> setAt2(X value) {
        return new Quartet<>(getValue0(), getValue1(), value, getValue3());
    }

    public <X> Quartet<A, B, C, X> setAt3(X value) {
        return new Quartet<>(getValue0(), getValue1(), getValue2(), value);
    }

    public <X> Quintet<A, B, C, D, X> add(X value) {
        return new Quintet<>(getValue0(), getValue1(), getValue2(), getValue3(), value);
    }

    public Triplet<B, C, D> removeFrom0() {
        return new Triplet<>(getValue1(), getValue2(), getValue3());
    }

    public Triplet<A, C, D> removeFrom1() {
        return new Triplet<>(getValue0(), getValue2(), getValue3());
    }

    public Triplet<A, B, D> removeFrom2() {
        return new Triplet<>(getValue0(), getValue1(), getValue3());
    }

    public Triplet<A, B, C> removeFrom3() {
        return new Triplet<>(getValue0(), getValue1(), getValue2());
    }
}
