package org.javatuples;

import java.util.Collection;

/** Eight values, each of a type of its own. */
public final class Octet<A, B, C, D, E, F, G, H> extends Tuple implements Places.At0<A>, Places.At1<B>, Places.At2<C>,
                Places.At3<D>, Places.At4<E>, Places.At5<F>, Places.At6<G>, Places.At7<H> {
    private static final long serialVersionUID = 1;

    public Octet(A value0, B value1, C value2, D value3, E value4, F value5, G value6, H value7) {
        super(value0, value1, value2, value3, value4, value5, value6, value7);
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
        return fromArray(array(collection));
    }

    public <X> Octet<X, B, C, D, E, F, G, H> setAt0(X value) {
        return new Octet<>(value, getValue1(), getValue2(), getValue3(), getValue4(), getValue5(), getValue6(),
                getValue7());
    }

    public <X> Octet<A, X, C, D, E, F, G, H> setAt1(X value) {
        return new Octet<>(getValue0(), value, getValue2(), getValue3(), getValue4(), getValue5(), getValue6(),
                getValue7());
    }

    public <X> Octet<A, B, X, D, E, F, G, H> setAt2(X value) {
        return new Octet<>(getValue0(), getValue1(), value, getValue3(), getValue4(), getValue5(), getValue6(),
                getValue7());
    }

    public <X> Octet<A, B, C, X, E, F, G, H> setAt3(X value) {
        return new Octet<>(getValue0(), getValue1(), getValue2(), value, getValue4(), getValue5(), getValue6(),
                getValue7());
    }

    public <X> Octet<A, B, C, D, X, F, G, H> setAt4(X value) {
        return new Octet<>(getValue0(), getValue1(), getValue2(), getValue3(), value, getValue5(), getValue6(),
                getValue7());
    }

    public <X> Octet<A, B, C, D, E, X, G, H> setAt5(X value) {
        return new Octet<>(getValue0(), getValue1(), getValue2(), getValue3(), getValue4(), value, getValue6(),
                getValue7());
    }

    public <X> Octet<A, B, C, D, E, F, X, H> setAt6(X value) {
        return new Octet<>(getValue0(), getValue1(), getValue2(), getValue3(), getValue4(), getValue5(), value,
                getValue7());
    }

    public <X> Octet<A, B, C, D, E, F, G, X> setAt7(X value) {
        return new Octet<>(getValue0(), getValue1(), getValue2(), getValue3(), getValue4(), getValue5(), getValue6(),
                value);
    }

    public <X> Ennead<A, B, C, D, E, F, G, H, X> add(X value) {
        return new Ennead<>(getValue0(), getValue1(), getValue2(), getValue3(), getValue4(), getValue5(), getValue6(),
                getValue7(), value);
    }

    public Septet<B, C, D, E, F, G, H> removeFrom0() {
        return new Septet<>(getValue1(), getValue2(), getValue3(), getValue4(), getValue5(), getValue6(), getValue7());
    }

    public Septet<A, C, D, E, F, G, H> removeFrom1() {
        return new Septet<>(getValue0(), getValue2(), getValue3(), getValue4(), getValue5(), getValue6(), getValue7());
    }

    public Septet<A, B, D, E, F, G, H> removeFrom2() {
        return new Septet<>(getValue0(), getValue1(), getValue3(), getValue4(), getValue5(), getValue6(), getValue7());
    }

    public Septet<A, B, C, E, F, G, H> removeFrom3() {
        return new Septet<>(getValue0(), getValue1(), getValue2(), getValue4(), getValue5(), getValue6(), getValue7());
    }

    public Septet<A, B, C, D, F, G, H> removeFrom4() {
        return new Septet<>(getValue0(), getValue1(), getValue2(), getValue3(), getValue5(), getValue6(), getValue7());
    }

    public Septet<A, B, C, D, E, G, H> removeFrom5() {
        return new Septet<>(getValue0(), getValue1(), getValue2(), getValue3(), getValue4(), getValue6(), getValue7());
    }

    public Septet<A, B, C, D, E, F, H> removeFrom6() {
        return new Septet<>(getValue0(), getValue1(), getValue2(), getValue3(), getValue4(), getValue5(), getValue7());
    }

    public Septet<A, B, C, D, E, F, G> removeFrom7() {
        return new Septet<>(getValue0(), getValue1(), getValue2(), getValue3(), getValue4(), getValue5(), getValue6());
    }
}
