package org.javatuples;

import java.util.Collection;

/** One value, each of a type of its own. */
public final class Unit<A> extends Tuple {
    private static final long serialVersionUID = 1;

    private final A value0;

    public Unit(A value0) {
        this.value0 = value0;
    }

    public static <A> Unit<A> with(A value0) {
        return new Unit<>(value0);
    }

    public static <X> Unit<X> fromArray(X[] array) {
        check(1, array);
        return new Unit<>(array[0]);
    }

    public static <X> Unit<X> fromCollection(Collection<X> collection) {
        @SuppressWarnings("unchecked")
        X[] values = (X[]) collection.toArray();
        return fromArray(values);
    }

    public A getValue0() {
        return value0;
    }

    public <X> Unit<X> setAt0(X value) {
        return new Unit<>(value);
    }

    public <X> Pair<A, X> add(X value) {
        return new Pair<>(value0, value);
    }

    @Override
    public Object[] toArray() {
        return new Object[] {value0};
    }
}
