package org.javatuples;

import java.util.Collection;

/** Two values, each of a type of its own. */
public final class Pair<A, B> extends Tuple implements Places.At0<A>, Places.At1<B> {
    private static final long serialVersionUID = 1;

    public Pair(A value0, B value1) {
        super(value0, value1);
    }

    public static <A, B> Pair<A, B> with(A value0, B value1) {
        return new Pair<>(value0, value1);
    }

    public static <X> Pair<X, X> fromArray(X[] array) {
        check(2, array);
        return new Pair<>(array[0], array[1]);
    }

    public static <X> Pair<X, X> fromCollection(Collection<X> collection) {
        return fromArray(array(collection));
    }

    public <X> Pair<X, B> setAt0(X value) {
        return new Pair<>(value, getValue1());
    }

    public <X> Pair<A, X> setAt1(X value) {
        return new Pair<>(getValue0(), value);
    }

    public <X> Triplet<A, B, X> add(X value) {
        return new Triplet<>(getValue0(), getValue1(), value);
    }

    public Unit<B> removeFrom0() {
        return new Unit<>(getValue1());
    }

    public Unit<A> removeFrom1() {
        return new Unit<>(getValue0());
    }
}
