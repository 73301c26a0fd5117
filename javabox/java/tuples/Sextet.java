package org.javatuples;

import java.util.Collection;

/** Six values, each of a type of its own. */
public final class Sextet<A, B, C, D, E, F> extends Tuple {
    private static final long serialVersionUID = 1;

    private final A value0;
    private final B value1;
    private final C value2;
    private final D value3;
    private final E value4;
    private final F value5;

    public Sextet(A value0, B value1, C value2, D value3, E value4, F value5) {
        this.value0 = value0;
        this.value1 = value1;
        this.value2 = value2;
        this.value3 = value3;
        this.value4 = value4;
        this.value5 = value5;
    }

    public static <A, B, C, D, E, F> Sextet<A, B, C, D, E, F> with(A value0, B value1, C value2,
            D value3, E value4, F value5) {
        return new Sextet<>(value0, value1, value2, value3, value4, value5);
    }

    public static <X> Sextet<X, X, X, X, X, X> fromArray(X[] array) {
        check(6, array);
        return new Sextet<>(array[0], array[1], array[2], array[3], array[4], array[5]);
    }

    public static <X> Sextet<X, X, X, X, X, X> fromCollection(Collection<X> collection) {
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

    public D getValue3() {
        return value3;
    }

    public E getValue4() {
        return value4;
    }

    public F getValue5() {
        return value5;
    }

    public <X> Sextet<X, B, C, D, E, F> setAt0(X value) {
        return new Sextet<>(value, value1, value2, value3, value4, value5);
    }

    public <X> Sextet<A, X, C, D, E, F> setAt1(X value) {
        return new Sextet<>(value0, value, value2, value3, value4, value5);
    }

    public <X> Sextet<A, B, X, D, E, F> setAt2(X value) {
        return new Sextet<>(value0, value1, value, value3, value4, value5);
    }

    public <X> Sextet<A, B, C, X, E, F> setAt3(X value) {
        return new Sextet<>(value0, value1, value2, value, value4, value5);
    }

    public <X> Sextet<A, B, C, D, X, F> setAt4(X value) {
        return new Sextet<>(value0, value1, value2, value3, value, value5);
    }

    public <X> Sextet<A, B, C, D, E, X> setAt5(X value) {
        return new Sextet<>(value0, value1, value2, value3, value4, value);
    }

    public <X> Septet<A, B, C, D, E, F, X> add(X value) {
        return new Septet<>(value0, value1, value2, value3, value4, value5, value);
    }

    public Quintet<B, C, D, E, F> removeFrom0() {
        return new Quintet<>(value1, value2, value3, value4, value5);
    }

    public Quintet<A, C, D, E, F> removeFrom1() {
        return new Quintet<>(value0, value2, value3, value4, value5);
    }

    public Quintet<A, B, D, E, F> removeFrom2() {
        return new Quintet<>(value0, value1, value3, value4, value5);
    }

    public Quintet<A, B, C, E, F> removeFrom3() {
        return new Quintet<>(value0, value1, value2, value4, value5);
    }

    public Quintet<A, B, C, D, F> removeFrom4() {
        return new Quintet<>(value0, value1, value2, value3, value5);
    }

    public Quintet<A, B, C, D, E> removeFrom5() {
        return new Quintet<>(value0, value1, value2, value3, value4);
    }

    @Override
    public Object[] toArray() {
        return new Object[] {value0, value1, value2, value3, value4, value5};
    }
}
