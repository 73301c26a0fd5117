package org.javatuples;

import java.util.Collection;

/** Eight values, each of a type of its own. */
public final class Octet<A, B, C, D, E, F, G, H> extends Tuple {
    private static final long serialVersionUID = 1;

    private final A value0;
    private final B value1;
    private final C value2;
    private final D value3;
    private final E value4;
    private final F value5;
    private final G value6;
    private final H value7;

    public Octet(A value0, B value1, C value2, D value3, E value4, F value5, G value6, H value7) {
        this.value0 = value0;
        this.value1 = value1;
        this.value2 = value2;
        this.value3 = value3;
        this.value4 = value4;
        this.value5 = value5;
        this.value6 = value6;
        this.value7 = value7;
    }

    public static <A, B, C, D, E, F, G, H> Octet<A, B, C, D, E, F, G, H> with(A value0, B value1, C value2, D value3,
            E value4, F value5, G value6, H value7) {
        return new Octet<>(value0, value1, value2, value3, value4, value5, value6, value7);
    }

    public static <X> Octet<X, X, X, X, X, X, X, X> fromArray(X[] array) {
        check(8, array);
        return new Octet<>(array[0], array[1], array[2], array[3], array[4], array[5], array[6], array[7]);
    }

    public static <X> Octet<X, X, X, X, X, X, X, X> fromCollection(Collection<X> collection) {
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

    public H getValue7() {
        return value7;
    }

    public <X> Octet<X, B, C, D, E, F, G, H> setAt0(X value) {
        return new Octet<>(value, value1, value2, value3, value4, value5, value6, value7);
    }

    public <X> Octet<A, X, C, D, E, F, G, H> setAt1(X value) {
        return new Octet<>(value0, value, value2, value3, value4, value5, value6, value7);
    }

    public <X> Octet<A, B, X, D, E, F, G, H> setAt2(X value) {
        return new Octet<>(value0, value1, value, value3, value4, value5, value6, value7);
    }

    public <X> Octet<A, B, C, X, E, F, G, H> setAt3(X value) {
        return new Octet<>(value0, value1, value2, value, value4, value5, value6, value7);
    }

    public <X> Octet<A, B, C, D, X, F, G, H> setAt4(X value) {
        return new Octet<>(value0, value1, value2, value3, value, value5, value6, value7);
    }

    public <X> Octet<A, B, C, D, E, X, G, H> setAt5(X value) {
        return new Octet<>(value0, value1, value2, value3, value4, value, value6, value7);
    }

    public <X> Octet<A, B, C, D, E, F, X, H> setAt6(X value) {
        return new Octet<>(value0, value1, value2, value3, value4, value5, value, value7);
    }

    public <X> Octet<A, B, C, D, E, F, G, X> setAt7(X value) {
        return new Octet<>(value0, value1, value2, value3, value4, value5, value6, value);
    }

    public <X> Ennead<A, B, C, D, E, F, G, H, X> add(X value) {
        return new Ennead<>(value0, value1, value2, value3, value4, value5, value6, value7, value);
    }

    public Septet<B, C, D, E, F, G, H> removeFrom0() {
        return new Septet<>(value1, value2, value3, value4, value5, value6, value7);
    }

    public Septet<A, C, D, E, F, G, H> removeFrom1() {
        return new Septet<>(value0, value2, value3, value4, value5, value6, value7);
    }

    public Septet<A, B, D, E, F, G, H> removeFrom2() {
        return new Septet<>(value0, value1, value3, value4, value5, value6, value7);
    }

    public Septet<A, B, C, E, F, G, H> removeFrom3() {
        return new Septet<>(value0, value1, value2, value4, value5, value6, value7);
    }

    public Septet<A, B, C, D, F, G, H> removeFrom4() {
        return new Septet<>(value0, value1, value2, value3, value5, value6, value7);
    }

    public Septet<A, B, C, D, E, G, H> removeFrom5() {
        return new Septet<>(value0, value1, value2, value3, value4, value6, value7);
    }

    public Septet<A, B, C, D, E, F, H> removeFrom6() {
        return new Septet<>(value0, value1, value2, value3, value4, value5, value7);
    }

    public Septet<A, B, C, D, E, F, G> removeFrom7() {
        return new Septet<>(value0, value1, value2, value3, value4, value5, value6);
    }

    @Override
    public Object[] toArray() {
        return new Object[] {value0, value1, value2, value3, value4, value5, value6, value7};
    }
}
