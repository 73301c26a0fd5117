package javabox.runtime;

import java.lang.reflect.Proxy;
import java.util.AbstractMap;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.LinkedList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.javatuples.Tuple;

/**
 * What tests call for {@code equals}: a program's own method has not the last word on whether its answer is right.
 *
 * <p>Where it says yes, what the program wrote itself is replaced by what it holds (a collection by the JDK's, anything
 * else by an object that equals nothing) and the JDK is asked again. Where both sides have objects of the program's, its
 * equals is meant. Not covered: {@code contains} and other questions to a collection of the program's, its toString.
 */
public final class Equality {
    private static final int DEPTH = 64;
    /** Whose equals asks nobody but the elements'. */
    private static final Set<Class<?>> SINCERE = Set.of(ArrayList.class, LinkedList.class, HashSet.class, LinkedHashSet.class,
            HashMap.class, LinkedHashMap.class, Arrays.asList().getClass(), List.of().getClass(), List.of(1).getClass(),
            Set.of().getClass(), Set.of(1).getClass(), Map.of().getClass(), Map.of(1, 1).getClass(),
            Map.entry(1, 1).getClass(), AbstractMap.SimpleEntry.class, AbstractMap.SimpleImmutableEntry.class);

    /** Whether anything was replaced, and whether it was no collection. */
    private boolean replaced;
    private boolean objects;

    private Equality() {}

    public static boolean equal(Object a, Object b) {
        return a.equals(b) && agreed(a, b);
    }

    public static boolean equalOrNull(Object a, Object b) {
        return Objects.equals(a, b) && agreed(a, b);
    }

    public static boolean deep(Object a, Object b) {
        return Objects.deepEquals(a, b) && agreed(a, b);
    }

    public static boolean arrays(Object[] a, Object[] b) {
        return Arrays.equals(a, b) && agreed(a, b);
    }

    public static boolean deepArrays(Object[] a, Object[] b) {
        return Arrays.deepEquals(a, b) && agreed(a, b);
    }

    private static boolean agreed(Object a, Object b) {
        if (a == b || a instanceof String || a instanceof Number && ofJdk(a) || a instanceof Boolean || a instanceof Character) {
            return true;
        }
        Equality left = new Equality();
        Equality right = new Equality();
        Object mine = left.plain(a, 0);
        Object theirs = right.plain(b, 0);
        boolean told = !left.replaced && !right.replaced || left.objects && right.objects;
        return told || Objects.deepEquals(mine, theirs);
    }

    private static boolean ofJdk(Object value) {
        ClassLoader loader = value.getClass().getClassLoader();
        return (loader == null || loader == ClassLoader.getPlatformClassLoader()) && !(value instanceof Proxy);
    }

    /** The value itself where nothing in it is to be replaced. */
    private Object plain(Object value, int depth) {
        if (value == null || depth > DEPTH) {
            return value;
        }
        List<Object> items = new ArrayList<>();
        if (value instanceof Object[] array) {
            return fill(items, Arrays.asList(array), depth) ? value : items.toArray();
        }
        if (value instanceof Optional<?> optional) {
            return fill(items, optional.stream().toList(), depth) ? value : Optional.of(items.get(0));
        }
        if (value instanceof Tuple tuple) {
            fill(items, tuple.toList(), depth);
            items.add(tuple.getClass());
            return items;
        }
        if (value instanceof Map.Entry<?, ?> entry) {
            boolean same = fill(items, Arrays.asList(entry.getKey(), entry.getValue()), depth);
            return settled(same, value) ? value : new AbstractMap.SimpleImmutableEntry<>(items.get(0), items.get(1));
        }
        if (value instanceof List<?> || value instanceof Set<?>) {
            boolean same = fill(items, (Collection<?>) value, depth);
            return settled(same && sincere(value), value) ? value : value instanceof List<?> ? items : new LinkedHashSet<>(items);
        }
        if (value instanceof Map<?, ?> map) {
            List<Object> held = new ArrayList<>();
            map.entrySet().forEach(entry -> held.addAll(Arrays.asList(entry.getKey(), entry.getValue())));
            if (settled(fill(items, held, depth) && sincere(value), value)) {
                return value;
            }
            Map<Object, Object> copy = new LinkedHashMap<>();
            for (int i = 0; i < items.size(); i += 2) {
                copy.put(items.get(i), items.get(i + 1));
            }
            return copy;
        }
        objects |= !ofJdk(value);
        return settled(true, value) ? value : new Object();
    }

    /** @return whether the value can stay as it is */
    private boolean settled(boolean same, Object value) {
        boolean stays = same && ofJdk(value);
        replaced |= !stays;
        return stays;
    }

    /** @return whether each item stayed as it is */
    private boolean fill(List<Object> items, Collection<?> collection, int depth) {
        boolean same = true;
        for (Object item : collection) {
            Meter.spend(1);
            Object plain = plain(item, depth + 1);
            same &= plain == item;
            items.add(plain);
        }
        return same;
    }

    private static boolean sincere(Object value) {
        boolean sorted = value.getClass() == TreeSet.class || value.getClass() == TreeMap.class;
        if (!sorted) {
            return SINCERE.contains(value.getClass());
        }
        Comparator<?> order = value instanceof SortedSet<?> set ? set.comparator() : ((SortedMap<?, ?>) value).comparator();
        return order == null || order == Comparator.naturalOrder() || order == Collections.reverseOrder()
                || order == String.CASE_INSENSITIVE_ORDER;
    }
}
