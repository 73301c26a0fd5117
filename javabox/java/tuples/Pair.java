package org.javatuples;

import java.util.Collection;

/** Two values, each of a type of its own. */
public final class Pair<A, B> extends Tuple {
    private static final long serialVersionUID = 1;

    private final A value0;
    private final B value1;

    public Pair(A value0, B value1) {
        this.value0 = value0;
        this.value1 = value1;
    }

    public static <A, B> Pair<A, B> with(A value0, B value1) {
        return new Pair<>(value0, value1);
    }

    public static <X> Pair<X, X> fromArray(X[] array) {
        check(2, array);
        return new Pair<>(array[0], array[1]);
    }

    public static <X> Pair<X, X> fromCollection(Collection<X> collection) {
        @SuppressWarnings("unchecked")
        X[] values = (X[]) collection.toArray();
        return fromArray(values);
    }

    public A getValue0() {
        return value0;
    }

    public B getValue1() {
        return value1;
    }

    public <X> Pair<X, B> setAt0(X value) {
        return new Pair<>(value, value1);
    }

    public <X> Pair<A, X> setAt1(X value) {
        return new Pair<>(value0, value);
    }

    public <X> Triplet<A, B, X> add(X value) {
        return new Triplet<>(value0, value1, value);
    }

    public Unit<B> removeFrom0() {
        return new Unit<>(value1);
    }

    public Unit<A> removeFrom1() {
        return new Unit<>(value0);
    }

    @Override
    public Object[] toArray() {
        return new Object[] {value0, value1};
    }
}
