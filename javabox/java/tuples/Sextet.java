package org.javatuples;

import java.util.Collection;

/** Six values, each of a type of its own. */
public final class Sextet<A, B, C, D, E, F> extends Tuple implements Places.At0<A>, Places.At1<B>, Places.At2<C>,
                Places.At3<D>, Places.At4<E>, Places.At5<F> {
    private static final long serialVersionUID = 1;

    public Sextet(A value0, B value1, C value2, D value3, E value4, F value5) {
        super(value0, value1, value2, value3, value4, value5);
    }

    public static <A, B, C, D, E, F> Sextet<A, B, C, D, E, F> with(A value0, B value1, C value2, D value3, E value4,
            F value5) {
        return new Sextet<>(value0, value1, value2, value3, value4, value5);
    }

    public static <X> Sextet<X, X, X, X, X, X> fromArray(X[] array) {
        check(6, array);
        return new Sextet<>(array[0], array[1], array[2], array[3], array[4], array[5]);
    }

    public static <X> Sextet<X, X, X, X, X, X> fromCollection(Collection<X> collection) {
        return fromArray(array(collection));
    }

    public <X> Sextet<X, B, C, D, E, F> setAt0(X value) {
        return new Sextet<>(value, getValue1(), getValue2(), getValue3(), getValue4(), getValue5());
    }

    public <X> Sextet<A, X, C, D, E, F> setAt1(X value) {
        return new Sextet<>(getValue0(), value, getValue2(), getValue3(), getValue4(), getValue5());
    }

    public <X> Sextet<A, B, X, D, E, F> setAt2(X value) {
        return new Sextet<>(getValue0(), getValue1(), value, getValue3(), getValue4(), getValue5());
    }

    public <X> Sextet<A, B, C, X, E, F> setAt3(X value) {
        return new Sextet<>(getValue0(), getValue1(), getValue2(), value, getValue4(), getValue5());
    }

    public <X> Sextet<A, B, C, D, X, F> setAt4(X value) {
        return new Sextet<>(getValue0(), getValue1(), getValue2(), getValue3(), value, getValue5());
    }

    public <X> Sextet<A, B, C, D, E, X> setAt5(X value) {
        return new Sextet<>(getValue0(), getValue1(), getValue2(), getValue3(), getValue4(), value);
    }

    public <X> Septet<A, B, C, D, E, F, X> add(X value) {
        return new Septet<>(getValue0(), getValue1(), getValue2(), getValue3(), getValue4(), getValue5(), value);
    }

    public Quintet<B, C, D, E, F> removeFrom0() {
        return new Quintet<>(getValue1(), getValue2(), getValue3(), getValue4(), getValue5());
    }

    public Quintet<A, C, D, E, F> removeFrom1() {
        return new Quintet<>(getValue0(), getValue2(), getValue3(), getValue4(), getValue5());
    }

    public Quintet<A, B, D, E, F> removeFrom2() {
        return new Quintet<>(getValue0(), getValue1(), getValue3(), getValue4(), getValue5());
    }

    public Quintet<A, B, C, E, F> removeFrom3() {
        return new Quintet<>(getValue0(), getValue1(), getValue2(), getValue4(), getValue5());
    }

    public Quintet<A, B, C, D, F> removeFrom4() {
        return new Quintet<>(getValue0(), getValue1(), getValue2(), getValue3(), getValue5());
    }

    public Quintet<A, B, C, D, E> removeFrom5() {
        return new Quintet<>(getValue0(), getValue1(), getValue2(), getValue3(), getValue4());
    }
}
