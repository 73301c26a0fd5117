package org.javatuples;

import java.io.Serializable;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;

/**
 * A fixed number of values in a fixed order; equal to another of its class with equal values, and ordered by them.
 *
 * <p>The names are those of javatuples (javatuples.org), which MultiPL-E's problems import; what is here are the parts
 * that programs and tests use of it. Not covered: KeyValue, LabelValue, adding and removing in the middle of several.
 */
public abstract class Tuple implements Iterable<Object>, Serializable, Comparable<Tuple> {
    private static final long serialVersionUID = 1;

    private final Object[] values;

    Tuple(Object... values) {
        this.values = values;
    }

    /** The values in their order, in an array of the caller's own. */
    public Object[] toArray() {
        return values.clone();
    }

    /** The value at a place of a tuple whose class says of which type it is. */
    @SuppressWarnings("unchecked")
    static <X> X at(Object tuple, int place) {
        return (X) ((Tuple) tuple).values[place];
    }

    @SuppressWarnings("unchecked")
    static <X> X[] array(Collection<X> collection) {
        return (X[]) collection.toArray();
    }

    /** @throws IllegalArgumentException where there are more or fewer than that many */
    static void check(int count, Object[] values) {
        if (values == null || values.length != count) {
            throw new IllegalArgumentException(values == null ? "Array cannot be null"
                    : "Array must have exactly " + count + " elements. Size is " + values.length);
        }
    }

    public int getSize() {
        return toArray().length;
    }

    public Object getValue(int at) {
        Object[] values = toArray();
        if (at < 0 || at >= values.length) {
            throw new IllegalArgumentException("Cannot retrieve position " + at + " in " + getClass().getSimpleName()
                    + ". Positions for this class start with 0 and end with " + (values.length - 1));
        }
        return values[at];
    }

    public List<Object> toList() {
        return Arrays.asList(toArray());
    }

    @Override
    public Iterator<Object> iterator() {
        return Collections.unmodifiableList(toList()).iterator();
    }

    public boolean contains(Object value) {
        return toList().contains(value);
    }

    public boolean containsAll(Collection<?> values) {
        return toList().containsAll(values);
    }

    public boolean containsAll(Object... values) {
        return toList().containsAll(Arrays.asList(values));
    }

    public int indexOf(Object value) {
        return toList().indexOf(value);
    }

    public int lastIndexOf(Object value) {
        return toList().lastIndexOf(value);
    }

    @Override
    public String toString() {
        return toList().toString();
    }

    @Override
    public int hashCode() {
        return 31 + toList().hashCode();
    }

    @Override
    public boolean equals(Object other) {
        return this == other || other != null && getClass() == other.getClass() && toList().equals(((Tuple) other).toList());
    }

    @Override
    @SuppressWarnings("unchecked")
    public int compareTo(Tuple other) {
        Object[] mine = toArray();
        Object[] theirs = other.toArray();
        for (int i = 0; i < Math.min(mine.length, theirs.length); i++) {
            int order = ((Comparable<Object>) mine[i]).compareTo(theirs[i]);
            if (order != 0) {
                return order;
            }
        }
        return Integer.compare(mine.length, theirs.length);
    }
}
