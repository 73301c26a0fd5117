package org.javatuples;

import java.util.Collection;

/** Ten values, each of a type of its own. */
public final class Decade<A, B, C, D, E, F, G, H, I, J> extends Tuple implements Places.At0<A>, Places.At1<B>,
                Places.At2<C>, Places.At3<D>, Places.At4<E>, Places.At5<F>, Places.At6<G>, Places.At7<H>, Places.At8<I>,
                Places.At9<J> {
    private static final long serialVersionUID = 1;

    public Decade(A value0, B value1, C value2, D value3, E value4, F value5, G value6, H value7, I value8, J value9) {
        super(value0, value1, value2, value3, value4, value5, value6, value7, value8, value9);
    }

    public static <A, B, C, D, E, F, G, H, I, J> Decade<A, B, C, D, E, F, G, H, I, J> with(A value0, B value1,
            C value2, D value3, E value4, F value5, G value6, H value7, I value8, J value9) {
        return new Decade<>(value0, value1, value2, value3, value4, value5, value6, value7, value8, value9);
    }

    public static <X> Decade<X, X, X, X, X, X, X, X, X, X> fromArray(X[] array) {
        check(10, array);
        return new Decade<>(array[0], array[1], array[2], array[3], array[4], array[5], array[6], array[7], array[8],
                array[9]);
    }

    public static <X> Decade<X, X, X, X, X, X, X, X, X, X> fromCollection(Collection<X> collection) {
        return fromArray(array(collection));
    }

    public <X> Decade<X, B, C, D, E, F, G, H, I, J> setAt0(X value) {
        return new Decade<>(value, getValue1(), getValue2(), getValue3(), getValue4(), getValue5(), getValue6(),
                getValue7(), getValue8(), getValue9());
    }

    public <X> Decade<A, X, C, D, E, F, G, H, I, J> setAt1(X value) {
        return new Decade<>(getValue0(), value, getValue2(), getValue3(), getValue4(), getValue5(), getValue6(),
                getValue7(), getValue8(), getValue9());
    }

    public <X> Decade<A, B, X, D, E, F, G, H, I, J> setAt2(X value) {
        return new Decade<>(getValue0(), getValue1(), value, getValue3(), getValue4(), getValue5(), getValue6(),
                getValue7(), getValue8(), getValue9());
    }

    public <X> Decade<A, B, C, X, E, F, G, H, I, J> setAt3(X value) {
        return new Decade<>(getValue0(), getValue1(), getValue2(), value, getValue4(), getValue5(), getValue6(),
                getValue7(), getValue8(), getValue9());
    }

    public <X> Decade<A, B, C, D, X, F, G, H, I, J> setAt4(X value) {
        return new Decade<>(getValue0(), getValue1(), getValue2(), getValue3(), value, getValue5(), getValue6(),
                getValue7(), getValue8(), getValue9());
    }

    public <X> Decade<A, B, C, D, E, X, G, H, I, J> setAt5(X value) {
        return new Decade<>(getValue0(), getValue1(), getValue2(), getValue3(), getValue4(), value, getValue6(),
                getValue7(), getValue8(), getValue9());
    }

    public <X> Decade<A, B, C, D, E, F, X, H, I, J> setAt6(X value) {
        return new Decade<>(getValue0(), getValue1(), getValue2(), getValue3(), getValue4(), getValue5(), value,
                getValue7(), getValue8(), getValue9());
    }

    public <X> Decade<A, B, C, D, E, F, G, X, I, J> setAt7(X value) {
        return new Decade<>(getValue0(), getValue1(), getValue2(), getValue3(), getValue4(), getValue5(), getValue6(),
                value, getValue8(), getValue9());
    }

    public <X> Decade<A, B, C, D, E, F, G, H, X, J> setAt8(X value) {
        return new Decade<>(getValue0(), getValue1(), getValue2(), getValue3(), getValue4(), getValue5(), getValue6(),
                getValue7(), value, getValue9());
    }

    public <X> Decade<A, B, C, D, E, F, G, H, I, X> setAt9(X value) {
        return new Decade<>(getValue0(), getValue1(), getValue2(), getValue3(), getValue4(), getValue5(), getValue6(),
                getValue7(), getValue8(), value);
    }

    public Ennead<B, C, D, E, F, G, H, I, J> removeFrom0() {
        return new Ennead<>(getValue1(), getValue2(), getValue3(), getValue4(), getValue5(), getValue6(), getValue7(),
                getValue8(), getValue9());
    }

    public Ennead<A, C, D, E, F, G, H, I, J> removeFrom1() {
        return new Ennead<>(getValue0(), getValue2(), getValue3(), getValue4(), getValue5(), getValue6(), getValue7(),
                getValue8(), getValue9());
    }

    public Ennead<A, B, D, E, F, G, H, I, J> removeFrom2() {
        return new Ennead<>(getValue0(), getValue1(), getValue3(), getValue4(), getValue5(), getValue6(), getValue7(),
                getValue8(), getValue9());
    }

    public Ennead<A, B, C, E, F, G, H, I, J> removeFrom3() {
        return new Ennead<>(getValue0(), getValue1(), getValue2(), getValue4(), getValue5(), getValue6(), getValue7(),
                getValue8(), getValue9());
    }

    public Ennead<A, B, C, D, F, G, H, I, J> removeFrom4() {
        return new Ennead<>(getValue0(), getValue1(), getValue2(), getValue3(), getValue5(), getValue6(), getValue7(),
                getValue8(), getValue9());
    }

    public Ennead<A, B, C, D, E, G, H, I, J> removeFrom5() {
        return new Ennead<>(getValue0(), getValue1(), getValue2(), getValue3(), getValue4(), getValue6(), getValue7(),
                getValue8(), getValue9());
    }

    public Ennead<A, B, C, D, E, F, H, I, J> removeFrom6() {
        return new Ennead<>(getValue0(), getValue1(), getValue2(), getValue3(), getValue4(), getValue5(), getValue7(),
                getValue8(), getValue9());
    }

    public Ennead<A, B, C, D, E, F, G, I, J> removeFrom7() {
        return new Ennead<>(getValue0(), getValue1(), getValue2(), getValue3(), getValue4(), getValue5(), getValue6(),
                getValue8(), getValue9());
    }

    public Ennead<A, B, C, D, E, F, G, H, J> removeFrom8() {
        return new Ennead<>(getValue0(), getValue1(), getValue2(), getValue3(), getValue4(), getValue5(), getValue6(),
                getValue7(), getValue9());
    }

    public Ennead<A, B, C, D, E, F, G, H, I> removeFrom9() {
        return new Ennead<>(getValue0(), getValue1(), getValue2(), getValue3(), getValue4(), getValue5(), getValue6(),
                getValue7(), getValue8());
    }
}
