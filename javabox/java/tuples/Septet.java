package org.javatuples;

import java.util.Collection;

/** Seven values, each of a type of its own. */
public final class Septet<A, B, C, D, E, F, G> extends Tuple implements Places.At0<A>, Places.At1<B>, Places.At2<C>,
                Places.At3<D>, Places.At4<E>, Places.At5<F>, Places.At6<G> {
    private static final long serialVersionUID = 1;

    public Septet(A value0, B value1, C value2, D value3, E value4, F value5, G value6) {
        super(value0, value1, value2, value3, value4, value5, value6);
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
        return fromArray(array(collection));
    }

    public <X> Septet<X, B, C, D, E, F, G> setAt0(X value) {
        return new Septet<>(value, getValue1(), getValue2(), getValue3(), getValue4(), getValue5(), getValue6());
    }

    public <X> Septet<A, X, C, D, E, F, G> setAt1(X value) {
        return new Septet<>(getValue0(), value, getValue2(), getValue3(), getValue4(), getValue5(), getValue6());
    }

    public <X> Septet<A, B, X, D, E, F, G> setAt2(X value) {
        return new Septet<>(getValue0(), getValue1(), value, getValue3(), getValue4(), getValue5(), getValue6());
    }

    public <X> Septet<A, B, C, X, E, F, G> setAt3(X value) {
        return new Septet<>(getValue0(), getValue1(), getValue2(), value, getValue4(), getValue5(), getValue6());
    }

    public <X> Septet<A, B, C, D, X, F, G> setAt4(X value) {
        return new Septet<>(getValue0(), getValue1(), getValue2(), getValue3(), value, getValue5(), getValue6());
    }

    public <X> Septet<A, B, C, D, E, X, G> setAt5(X value) {
        return new Septet<>(getValue0(), getValue1(), getValue2(), getValue3(), getValue4(), value, getValue6());
    }

    public <X> Septet<A, B, C, D, E, F, X> setAt6(X value) {
        return new Septet<>(getValue0(), getValue1(), getValue2(), getValue3(), getValue4(), getValue5(), value);
    }

    public <X> Octet<A, B, C, D, E, F, G, X> add(X value) {
        return new Octet<>(getValue0(), getValue1(), getValue2(), getValue3(), getValue4(), getValue5(), getValue6(),
                value);
    }

    public Sextet<B, C, D, E, F, G> removeFrom0() {
        return new Sextet<>(getValue1(), getValue2(), getValue3(), getValue4(), getValue5(), getValue6());
    }

    public Sextet<A, C, D, E, F, G> removeFrom1() {
        return new Sextet<>(getValue0(), getValue2(), getValue3(), getValue4(), getValue5(), getValue6());
    }

    public Sextet<A, B, D, E, F, G> removeFrom2() {
        return new Sextet<>(getValue0(), getValue1(), getValue3(), getValue4(), getValue5(), getValue6());
    }

    public Sextet<A, B, C, E, F, G> removeFrom3() {
        return new Sextet<>(getValue0(), getValue1(), getValue2(), getValue4(), getValue5(), getValue6());
    }

    public Sextet<A, B, C, D, F, G> removeFrom4() {
        return new Sextet<>(getValue0(), getValue1(), getValue2(), getValue3(), getValue5(), getValue6());
    }

    public Sextet<A, B, C, D, E, G> removeFrom5() {
        return new Sextet<>(getValue0(), getValue1(), getValue2(), getValue3(), getValue4(), getValue6());
    }

    public Sextet<A, B, C, D, E, F> removeFrom6() {
        return new Sextet<>(getValue0(), getValue1(), getValue2(), getValue3(), getValue4(), getValue5());
    }
}
