package org.javatuples;

import java.util.Collection;

/** Nine values, each of a type of its own. */
public final class Ennead<A, B, C, D, E, F, G, H, I> extends Tuple implements Places.At0<A>, Places.At1<B>,
                Places.At2<C>, Places.At3<D>, Places.At4<E>, Places.At5<F>, Places.At6<G>, Places.At7<H>, Places.At8<I> {
    private static final long serialVersionUID = 1;

    public Ennead(A value0, B value1, C value2, D value3, E value4, F value5, G value6, H value7, I value8) {
        super(value0, value1, value2, value3, value4, value5, value6, value7, value8);
    }

    public static <A, B, C, D, E, F, G, H, I> Ennead<A, B, C, D, E, F, G, H, I> with(A value0, B value1, C value2,
            D value3, E value4, F value5, G value6, H value7, I value8) {
        return new Ennead<>(value0, value1, value2, value3, value4, value5, value6, value7, value8);
    }

    public static <X> Ennead<X, X, X, X, X, X, X, X, X> fromArray(X[] array) {
        check(9, array);
        return new Ennead<>(array[0], array[1], array[2], array[3], array[4], array[5], array[6], array[7], array[8]);
    }

    public static <X> Ennead<X, X, X, X, X, X, X, X, X> fromCollection(Collection<X> collection) {
        return fromArray(array(collection));
    }

    public <X> Ennead<X, B, C, D, E, F, G, H, I> setAt0(X value) {
        return new Ennead<>(value, getValue1(), getValue2(), getValue3(), getValue4(), getValue5(), getValue6(),
                getValue7(), getValue8());
    }

    public <X> Ennead<A, X, C, D, E, F, G, H, I> setAt1(X value) {
        return new Ennead<>(getValue0(), value, getValue2(), getValue3(), getValue4(), getValue5(), getValue6(),
                getValue7(), getValue8());
    }

    public <X> Ennead<A, B, X, D, E, F, G, H, I> setAt2(X value) {
        return new Ennead<>(getValue0(), getValue1(), value, getValue3(), getValue4(), getValue5(), getValue6(),
                getValue7(), getValue8());
    }

    public <X> Ennead<A, B, C, X, E, F, G, H, I> setAt3(X value) {
        return new Ennead<>(getValue0(), getValue1(), getValue2(), value, getValue4(), getValue5(), getValue6(),
                getValue7(), getValue8());
    }

    public <X> Ennead<A, B, C, D, X, F, G, H, I> setAt4(X value) {
        return new Ennead<>(getValue0(), getValue1(), getValue2(), getValue3(), value, getValue5(), getValue6(),
                getValue7(), getValue8());
    }

    public <X> Ennead<A, B, C, D, E, X, G, H, I> setAt5(X value) {
        return new Ennead<>(getValue0(), getValue1(), getValue2(), getValue3(), getValue4(), value, getValue6(),
                getValue7(), getValue8());
    }

    public <X> Ennead<A, B, C, D, E, F, X, H, I> setAt6(X value) {
        return new Ennead<>(getValue0(), getValue1(), getValue2(), getValue3(), getValue4(), getValue5(), value,
                getValue7(), getValue8());
    }

    public <X> Ennead<A, B, C, D, E, F, G, X, I> setAt7(X value) {
        return new Ennead<>(getValue0(), getValue1(), getValue2(), getValue3(), getValue4(), getValue5(), getValue6(),
                value, getValue8());
    }

    public <X> Ennead<A, B, C, D, E, F, G, H, X> setAt8(X value) {
        return new Ennead<>(getValue0(), getValue1(), getValue2(), getValue3(), getValue4(), getValue5(), getValue6(),
                getValue7(), value);
    }

    public <X> Decade<A, B, C, D, E, F, G, H, I, X> add(X value) {
        return new Decade<>(getValue0(), getValue1(), getValue2(), getValue3(), getValue4(), getValue5(), getValue6(),
                getValue7(), getValue8(), value);
    }

    public Octet<B, C, D, E, F, G, H, I> removeFrom0() {
        return new Octet<>(getValue1(), getValue2(), getValue3(), getValue4(), getValue5(), getValue6(), getValue7(),
                getValue8());
    }

    public Octet<A, C, D, E, F, G, H, I> removeFrom1() {
        return new Octet<>(getValue0(), getValue2(), getValue3(), getValue4(), getValue5(), getValue6(), getValue7(),
                getValue8());
    }

    public Octet<A, B, D, E, F, G, H, I> removeFrom2() {
        return new Octet<>(getValue0(), getValue1(), getValue3(), getValue4(), getValue5(), getValue6(), getValue7(),
                getValue8());
    }

    public Octet<A, B, C, E, F, G, H, I> removeFrom3() {
        return new Octet<>(getValue0(), getValue1(), getValue2(), getValue4(), getValue5(), getValue6(), getValue7(),
                getValue8());
    }

    public Octet<A, B, C, D, F, G, H, I> removeFrom4() {
        return new Octet<>(getValue0(), getValue1(), getValue2(), getValue3(), getValue5(), getValue6(), getValue7(),
                getValue8());
    }

    public Octet<A, B, C, D, E, G, H, I> removeFrom5() {
        return new Octet<>(getValue0(), getValue1(), getValue2(), getValue3(), getValue4(), getValue6(), getValue7(),
                getValue8());
    }

    public Octet<A, B, C, D, E, F, H, I> removeFrom6() {
        return new Octet<>(getValue0(), getValue1(), getValue2(), getValue3(), getValue4(), getValue5(), getValue7(),
                getValue8());
    }

    public Octet<A, B, C, D, E, F, G, I> removeFrom7() {
        return new Octet<>(getValue0(), getValue1(), getValue2(), getValue3(), getValue4(), getValue5(), getValue6(),
                getValue8());
    }

    public Octet<A, B, C, D, E, F, G, H> removeFrom8() {
        return new Octet<>(getValue0(), getValue1(), getValue2(), getValue3(), getValue4(), getValue5(), getValue6(),
                getValue7());
    }
}
