package javabox.runtime;

import static javabox.runtime.Work.linear;
import static javabox.runtime.Work.makes;
import static javabox.runtime.Work.size;
import static javabox.runtime.Work.sorting;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedList;
import java.util.List;
import java.util.Queue;
import java.util.Vector;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/** Collections, arrays and ranges: paid by the number of elements. */
public final class CollectionWork {
    private CollectionWork() {}

    // ---- collections ---------------------------------------------------------------------------------------

    @Replaces({Collection.class, List.class, ArrayList.class, LinkedList.class, Queue.class, ArrayDeque.class,
            Vector.class})
    public static boolean contains(Collection<?> collection, Object element) {
        linear(size(collection));
        return collection.contains(element);
    }

    @Replaces({List.class, ArrayList.class, LinkedList.class, Vector.class})
    public static int indexOf(List<?> list, Object element) {
        linear(size(list));
        return list.indexOf(element);
    }

    @Replaces({Collection.class, List.class, ArrayList.class, LinkedList.class})
    public static boolean remove(Collection<?> collection, Object element) {
        linear(size(collection));
        return collection.remove(element);
    }

    @Replaces({List.class, ArrayList.class, LinkedList.class})
    public static Object remove(List<?> list, int at) {
        linear(size(list) / 4);
        return list.remove(at);
    }

    @Replaces({List.class, ArrayList.class, LinkedList.class})
    public static <T> void add(List<T> list, int at, T element) {
        linear(size(list) / 4);
        list.add(at, element);
    }

    @Replaces({LinkedList.class})
    public static Object get(LinkedList<?> list, int at) {
        linear(size(list) / 2);
        return list.get(at);
    }

    @Replaces({Collection.class, List.class, ArrayList.class, LinkedList.class})
    public static <T> boolean addAll(Collection<T> collection, Collection<? extends T> more) {
        makes(8 * size(more));
        return collection.addAll(more);
    }

    @Replaces({Collection.class, List.class, ArrayList.class})
    public static boolean containsAll(Collection<?> collection, Collection<?> others) {
        linear(size(collection) * size(others));
        return collection.containsAll(others);
    }

    @Replaces({Collection.class, List.class, ArrayList.class})
    public static boolean removeAll(Collection<?> collection, Collection<?> others) {
        linear(size(collection) * size(others));
        return collection.removeAll(others);
    }

    @Replaces({Collection.class, List.class, ArrayList.class})
    public static boolean retainAll(Collection<?> collection, Collection<?> others) {
        linear(size(collection) * size(others));
        return collection.retainAll(others);
    }

    @Replaces({List.class, ArrayList.class})
    public static <T> void sort(List<T> list, Comparator<? super T> order) {
        sorting(size(list));
        list.sort(order);
    }

    @Replaces(value = Collections.class, isStatic = true)
    public static <T extends Comparable<? super T>> void sort(List<T> list) {
        sorting(size(list));
        Collections.sort(list);
    }

    @Replaces(value = Collections.class, name = "sort", isStatic = true)
    public static <T> void sortBy(List<T> list, Comparator<? super T> order) {
        sorting(size(list));
        Collections.sort(list, order);
    }

    @Replaces(value = Collections.class, isStatic = true)
    public static <T> List<T> nCopies(int count, T element) {
        linear(Math.max(0, count));
        return Collections.nCopies(count, element);
    }

    @Replaces(value = Collections.class, isStatic = true)
    public static int frequency(Collection<?> collection, Object element) {
        linear(size(collection));
        return Collections.frequency(collection, element);
    }

    // ---- arrays --------------------------------------------------------------------------------------------

    @Replaces(value = Arrays.class, isStatic = true)
    public static void sort(int[] array) {
        sorting(array.length);
        Arrays.sort(array);
    }

    @Replaces(value = Arrays.class, isStatic = true)
    public static void sort(long[] array) {
        sorting(array.length);
        Arrays.sort(array);
    }

    @Replaces(value = Arrays.class, isStatic = true)
    public static void sort(char[] array) {
        sorting(array.length);
        Arrays.sort(array);
    }

    @Replaces(value = Arrays.class, isStatic = true)
    public static void sort(double[] array) {
        sorting(array.length);
        Arrays.sort(array);
    }

    @Replaces(value = Arrays.class, isStatic = true)
    public static void sort(Object[] array) {
        sorting(array.length);
        Arrays.sort(array);
    }

    @Replaces(value = Arrays.class, isStatic = true)
    public static void fill(int[] array, int value) {
        linear(array.length / 4);
        Arrays.fill(array, value);
    }

    @Replaces(value = Arrays.class, isStatic = true)
    public static void fill(boolean[] array, boolean value) {
        linear(array.length / 16);
        Arrays.fill(array, value);
    }

    @Replaces(value = Arrays.class, isStatic = true)
    public static int[] copyOf(int[] array, int length) {
        makes(4L * Math.max(0, length));
        return Arrays.copyOf(array, length);
    }

    @Replaces(value = Arrays.class, isStatic = true)
    public static int[] copyOfRange(int[] array, int from, int to) {
        makes(4L * Math.max(0L, (long) to - from));
        return Arrays.copyOfRange(array, from, to);
    }

    @Replaces(value = Arrays.class, isStatic = true)
    public static boolean equals(int[] a, int[] b) {
        linear(a == null ? 0 : a.length / 4);
        return Arrays.equals(a, b);
    }

    @Replaces(value = System.class, isStatic = true)
    public static void arraycopy(Object from, int at, Object to, int toAt, int length) {
        linear(Math.max(0, length) / 4);
        System.arraycopy(from, at, to, toAt, length);
    }

    // ---- streams: ranges run in the JDK without a call of the program's ------------------------------------

    @Replaces(value = IntStream.class, isStatic = true)
    public static IntStream range(int from, int to) {
        return IntStream.range(from, to).peek(i -> Meter.charge(2));
    }

    @Replaces(value = IntStream.class, isStatic = true)
    public static IntStream rangeClosed(int from, int to) {
        return IntStream.rangeClosed(from, to).peek(i -> Meter.charge(2));
    }

    @Replaces(value = LongStream.class, isStatic = true)
    public static LongStream range(long from, long to) {
        return LongStream.range(from, to).peek(i -> Meter.charge(2));
    }

    @Replaces(value = LongStream.class, isStatic = true)
    public static LongStream rangeClosed(long from, long to) {
        return LongStream.rangeClosed(from, to).peek(i -> Meter.charge(2));
    }
}
