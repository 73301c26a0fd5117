package org.javatuples;

import java.util.Collection;

/** Three values, each of a type of its own. */
public final class Triplet<A, B, C> extends Tuple {
    private static final long serialVersionUID = 1;

    private final A value0;
    private final B value1;
    private final C value2;

    public Triplet(A value0, B value1, C value2) {
        this.value0 = value0;
        this.value1 = value1;
        this.value2 = value2;
    }

    public static <A, B, C> Triplet<A, B, C> with(A value0, B value1, C value2) {
        return new Triplet<>(value0, value1, value2);
    }

    public static <X> Triplet<X, X, X> fromArray(X[] array) {
        check(3, array);
        return new Triplet<>(array[0], array[1], array[2]);
    }

    public static <X> Triplet<X, X, X> fromCollection(Collection<X> collection) {
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

    public C getValue2() {
        return value2;
    }

    public <X> Triplet<X, B, C> setAt0(X value) {
        return new Triplet<>(value, value1, value2);
    }

    public <X> Triplet<A, X, C> setAt1(X value) {
        return new Triplet<>(value0, value, value2);
    }

    public <X> Triplet<A, B, X> setAt2(X value) {
        return new Triplet<>(value0, value1, value);
    }

    public <X> Quartet<A, B, C, X> add(X value) {
        return new Quartet<>(value0, value1, value2, value);
    }

    public Pair<B, C> removeFrom0() {
        return new Pair<>(value1, value2);
    }

    public Pair<A, C> removeFrom1() {
        return new Pair<>(value0, value2);
    }

    public Pair<A, B> removeFrom2() {
        return new Pair<>(value0, value1);
    }

    @Override
    public Object[] toArray() {
        return new Object[] {value0, value1, value2};
    }
}
