package org.javatuples;

import java.util.Collection;

/** One value, of a type of its own. */
public final class Unit<A> extends Tuple implements Places.At0<A> {
    private static final long serialVersionUID = 1;

    public Unit(A value0) {
        super(value0);
    }

    public static <A> Unit<A> with(A value0) {
        return new Unit<>(value0);
    }

    public static <X> Unit<X> fromArray(X[] array) {
        check(1, array);
        return new Unit<>(array[0]);
    }

    public static <X> Unit<X> fromCollection(Collection<X> collection) {
        return fromArray(array(collection));
    }

    public <X> Unit<X> setAt0(X value) {
        return new Unit<>(value);
    }

    public <X> Pair<A, X> add(X value) {
        return new Pair<>(getValue0(), value);
    }
}
