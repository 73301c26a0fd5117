package org.javatuples;

import java.util.Collection;

/** Seven values, each of a type of its own. */
public final class Septet<A, B, C, D, E, F, G> extends Tuple {
    private static final long serialVersionUID = 1;

    private final A value0;
    private final B value1;
    private final C value2;
    private final D value3;
    private final E value4;
    private final F value5;
    private final G value6;

    public Septet(A value0, B value1, C value2, D value3, E value4, F value5, G value6) {
        this.value0 = value0;
        this.value1 = value1;
        this.value2 = value2;
        this.value3 = value3;
        this.value4 = value4;
        this.value5 = value5;
        this.value6 = value6;
    }

    public static <A, B, C, D, E, F, G> Septet<A, B, C, D, E, F, G> with(A value0, B value1, C value2, D value3,
            E value4, F value5, G value6) {
        return new Septet<>(value0, value1, value2, value3, value4, value5, value6);
    }

    public static <X> Septet<X, X, X, X, X, X, X> fromArray(X[] array) {
        check(7, array);
        return new Septet<>(array[0], array[1], array[2], array[3], array[4], array[5], array[6]);
    }

    public static <X> Septet<X, X, X, X, X, X, X> fromCollection(Collection<X> collection) {
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

    public G getValue6() {
        return value6;
    }

    public <X> Septet<X, B, C, D, E, F, G> setAt0(X value) {
        return new Septet<>(value, value1, value2, value3, value4, value5, value6);
    }

    public <X> Septet<A, X, C, D, E, F, G> setAt1(X value) {
        return new Septet<>(value0, value, value2, value3, value4, value5, value6);
    }

    public <X> Septet<A, B, X, D, E, F, G> setAt2(X value) {
        return new Septet<>(value0, value1, value, value3, value4, value5, value6);
    }

    public <X> Septet<A, B, C, X, E, F, G> setAt3(X value) {
        return new Septet<>(value0, value1, value2, value, value4, value5, value6);
    }

    public <X> Septet<A, B, C, D, X, F, G> setAt4(X value) {
        return new Septet<>(value0, value1, value2, value3, value, value5, value6);
    }

    public <X> Septet<A, B, C, D, E, X, G> setAt5(X value) {
        return new Septet<>(value0, value1, value2, value3, value4, value, value6);
    }

    public <X> Septet<A, B, C, D, E, F, X> setAt6(X value) {
        return new Septet<>(value0, value1, value2, value3, value4, value5, value);
    }

    public <X> Octet<A, B, C, D, E, F, G, X> add(X value) {
        return new Octet<>(value0, value1, value2, value3, value4, value5, value6, value);
    }

    public Sextet<B, C, D, E, F, G> removeFrom0() {
        return new Sextet<>(value1, value2, value3, value4, value5, value6);
    }

    public Sextet<A, C, D, E, F, G> removeFrom1() {
        return new Sextet<>(value0, value2, value3, value4, value5, value6);
    }

    public Sextet<A, B, D, E, F, G> removeFrom2() {
        return new Sextet<>(value0, value1, value3, value4, value5, value6);
    }

    public Sextet<A, B, C, E, F, G> removeFrom3() {
        return new Sextet<>(value0, value1, value2, value4, value5, value6);
    }

    public Sextet<A, B, C, D, F, G> removeFrom4() {
        return new Sextet<>(value0, value1, value2, value3, value5, value6);
    }

    public Sextet<A, B, C, D, E, G> removeFrom5() {
        return new Sextet<>(value0, value1, value2, value3, value4, value6);
    }

    public Sextet<A, B, C, D, E, F> removeFrom6() {
        return new Sextet<>(value0, value1, value2, value3, value4, value5);
    }

    @Override
    public Object[] toArray() {
        return new Object[] {value0, value1, value2, value3, value4, value5, value6};
    }
}
