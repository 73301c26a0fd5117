package org.javatuples;

import java.util.Collection;

/** Five values, each of a type of its own. */
public final class Quintet<A, B, C, D, E> extends Tuple implements Places.At0<A>, Places.At1<B>, Places.At2<C>,
                Places.At3<D>, Places.At4<E> {
    private static final long serialVersionUID = 1;

    public Quintet(A value0, B value1, C value2, D value3, E value4) {
        super(value0, value1, value2, value3, value4);
    }

    public static <A, B, C, D, E> Quintet<A, B, C, D, E> with(A value0, B value1, C value2, D value3, E value4) {
        return new Quintet<>(value0, value1, value2, value3, value4);
    }

    public static <X> Quintet<X, X, X, X, X> fromArray(X[] array) {
        check(5, array);
        return new Quintet<>(array[0], array[1], array[2], array[3], array[4]);
    }

    public static <X> Quintet<X, X, X, X, X> fromCollection(Collection<X> collection) {
        return fromArray(array(collection));
    }

    public <X> Quintet<X, B, C, D, E> setAt0(X value) {
        return new Quintet<>(value, getValue1(), getValue2(), getValue3(), getValue4());
    }

    public <X> Quintet<A, X, C, D, E> setAt1(X value) {
        return new Quintet<>(getValue0(), value, getValue2(), getValue3(), getValue4());
    }

    public <X> Quintet<A, B, X, D, E> setAt2(X value) {
        return new Quintet<>(getValue0(), getValue1(), value, getValue3(), getValue4());
    }

    public <X> Quintet<A, B, C, X, E> setAt3(X value) {
        return new Quintet<>(getValue0(), getValue1(), getValue2(), value, getValue4());
    }

    public <X> Quintet<A, B, C, D, X> setAt4(X value) {
        return new Quintet<>(getValue0(), getValue1(), getValue2(), getValue3(), value);
    }

    public <X> Sextet<A, B, C, D, E, X> add(X value) {
        return new Sextet<>(getValue0(), getValue1(), getValue2(), getValue3(), getValue4(), value);
    }

    public Quartet<B, C, D, E> removeFrom0() {
        return new Quartet<>(getValue1(), getValue2(), getValue3(), getValue4());
    }

    public Quartet<A, C, D, E> removeFrom1() {
        return new Quartet<>(getValue0(), getValue2(), getValue3(), getValue4());
    }

    public Quartet<A, B, D, E> removeFrom2() {
        return new Quartet<>(getValue0(), getValue1(), getValue3(), getValue4());
    }

    public Quartet<A, B, C, E> removeFrom3() {
        return new Quartet<>(getValue0(), getValue1(), getValue2(), getValue4());
    }

    public Quartet<A, B, C, D> removeFrom4() {
        return new Quartet<>(getValue0(), getValue1(), getValue2(), getValue3());
    }
}
