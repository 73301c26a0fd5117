package org.javatuples;

import java.util.Collection;

/** Nine values, each of a type of its own. */
public final class Ennead<A, B, C, D, E, F, G, H, I> extends Tuple {
    private static final long serialVersionUID = 1;

    private final A value0;
    private final B value1;
    private final C value2;
    private final D value3;
    private final E value4;
    private final F value5;
    private final G value6;
    private final H value7;
    private final I value8;

    public Ennead(A value0, B value1, C value2, D value3, E value4, F value5, G value6, H value7, I value8) {
        this.value0 = value0;
        this.value1 = value1;
        this.value2 = value2;
        this.value3 = value3;
        this.value4 = value4;
        this.value5 = value5;
        this.value6 = value6;
        this.value7 = value7;
        this.value8 = value8;
    }

    public static <A, B, C, D, E, F, G, H, I> Ennead<A, B, C, D, E, F, G, H, I> with(A value0, B value1, C value2, D value3, E value4,
            F value5, G value6, H value7, I value8) {
        return new Ennead<>(value0, value1, value2, value3, value4, value5, value6, value7, value8);
    }

    public static <X> Ennead<X, X, X, X, X, X, X, X, X> fromArray(X[] array) {
        check(9, array);
        return new Ennead<>(array[0], array[1], array[2], array[3], array[4], array[5], array[6], array[7], array[8]);
    }

    public static <X> Ennead<X, X, X, X, X, X, X, X, X> fromCollection(Collection<X> collection) {
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

    public I getValue8() {
        return value8;
    }

    public <X> Ennead<X, B, C, D, E, F, G, H, I> setAt0(X value) {
        return new Ennead<>(value, value1, value2, value3, value4, value5, value6, value7, value8);
    }

    public <X> Ennead<A, X, C, D, E, F, G, H, I> setAt1(X value) {
        return new Ennead<>(value0, value, value2, value3, value4, value5, value6, value7, value8);
    }

    public <X> Ennead<A, B, X, D, E, F, G, H, I> setAt2(X value) {
        return new Ennead<>(value0, value1, value, value3, value4, value5, value6, value7, value8);
    }

    public <X> Ennead<A, B, C, X, E, F, G, H, I> setAt3(X value) {
        return new Ennead<>(value0, value1, value2, value, value4, value5, value6, value7, value8);
    }

    public <X> Ennead<A, B, C, D, X, F, G, H, I> setAt4(X value) {
        return new Ennead<>(value0, value1, value2, value3, value, value5, value6, value7, value8);
    }

    public <X> Ennead<A, B, C, D, E, X, G, H, I> setAt5(X value) {
        return new Ennead<>(value0, value1, value2, value3, value4, value, value6, value7, value8);
    }

    public <X> Ennead<A, B, C, D, E, F, X, H, I> setAt6(X value) {
        return new Ennead<>(value0, value1, value2, value3, value4, value5, value, value7, value8);
    }

    public <X> Ennead<A, B, C, D, E, F, G, X, I> setAt7(X value) {
        return new Ennead<>(value0, value1, value2, value3, value4, value5, value6, value, value8);
    }

    public <X> Ennead<A, B, C, D, E, F, G, H, X> setAt8(X value) {
        return new Ennead<>(value0, value1, value2, value3, value4, value5, value6, value7, value);
    }

    public <X> Decade<A, B, C, D, E, F, G, H, I, X> add(X value) {
        return new Decade<>(value0, value1, value2, value3, value4, value5, value6, value7, value8, value);
    }

    public Octet<B, C, D, E, F, G, H, I> removeFrom0() {
        return new Octet<>(value1, value2, value3, value4, value5, value6, value7, value8);
    }

    public Octet<A, C, D, E, F, G, H, I> removeFrom1() {
        return new Octet<>(value0, value2, value3, value4, value5, value6, value7, value8);
    }

    public Octet<A, B, D, E, F, G, H, I> removeFrom2() {
        return new Octet<>(value0, value1, value3, value4, value5, value6, value7, value8);
    }

    public Octet<A, B, C, E, F, G, H, I> removeFrom3() {
        return new Octet<>(value0, value1, value2, value4, value5, value6, value7, value8);
    }

    public Octet<A, B, C, D, F, G, H, I> removeFrom4() {
        return new Octet<>(value0, value1, value2, value3, value5, value6, value7, value8);
    }

    public Octet<A, B, C, D, E, G, H, I> removeFrom5() {
        return new Octet<>(value0, value1, value2, value3, value4, value6, value7, value8);
    }

    public Octet<A, B, C, D, E, F, H, I> removeFrom6() {
        return new Octet<>(value0, value1, value2, value3, value4, value5, value7, value8);
    }

    public Octet<A, B, C, D, E, F, G, I> removeFrom7() {
        return new Octet<>(value0, value1, value2, value3, value4, value5, value6, value8);
    }

    public Octet<A, B, C, D, E, F, G, H> removeFrom8() {
        return new Octet<>(value0, value1, value2, value3, value4, value5, value6, value7);
    }

    @Override
    public Object[] toArray() {
        return new Object[] {value0, value1, value2, value3, value4, value5, value6, value7, value8};
    }
}
