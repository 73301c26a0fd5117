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

    @Charges({Collection.class, List.class, ArrayList.class, LinkedList.class, Queue.class, ArrayDeque.class,
            Vector.class})
    public static void contains(Collection<?> collection, Object element) {
        linear(size(collection));
    }

    @Charges({List.class, ArrayList.class, LinkedList.class, Vector.class})
    public static void indexOf(List<?> list, Object element) {
        linear(size(list));
    }

    @Charges({Collection.class, List.class, ArrayList.class, LinkedList.class})
    public static void remove(Collection<?> collection, Object element) {
        linear(size(collection));
    }

    @Charges({List.class, ArrayList.class, LinkedList.class})
    public static void remove(List<?> list, int at) {
        linear(size(list) / 4);
    }

    @Charges({List.class, ArrayList.class, LinkedList.class})
    public static <T> void add(List<T> list, int at, T element) {
        linear(size(list) / 4);
    }

    // Of Java 21: a class file names ArrayList or List there, which both had none before.

    @Charges({List.class, ArrayList.class})
    public static <T> void addFirst(List<T> list, T element) {
        linear(list instanceof LinkedList ? 0 : size(list) / 4);
    }

    @Charges({List.class, ArrayList.class})
    public static void removeFirst(List<?> list) {
        linear(list instanceof LinkedList ? 0 : size(list) / 4);
    }

    @Charges({LinkedList.class})
    public static void get(LinkedList<?> list, int at) {
        linear(size(list) / 2);
    }

    @Charges({Collection.class, List.class, ArrayList.class, LinkedList.class})
    public static <T> void addAll(Collection<T> collection, Collection<? extends T> more) {
        makes(8 * size(more));
    }

    @Charges({Collection.class, List.class, ArrayList.class})
    public static void containsAll(Collection<?> collection, Collection<?> others) {
        linear(size(collection) * size(others));
    }

    @Charges({Collection.class, List.class, ArrayList.class})
    public static void removeAll(Collection<?> collection, Collection<?> others) {
        linear(size(collection) * size(others));
    }

    @Charges({Collection.class, List.class, ArrayList.class})
    public static void retainAll(Collection<?> collection, Collection<?> others) {
        linear(size(collection) * size(others));
    }

    @Charges({List.class, ArrayList.class})
    public static <T> void sort(List<T> list, Comparator<? super T> order) {
        sorting(size(list));
    }

    @Charges(value = Collections.class, isStatic = true)
    public static <T extends Comparable<? super T>> void sort(List<T> list) {
        sorting(size(list));
    }

    @Charges(value = Collections.class, name = "sort", isStatic = true)
    public static <T> void sortBy(List<T> list, Comparator<? super T> order) {
        sorting(size(list));
    }

    @Charges(value = Collections.class, isStatic = true)
    public static <T> void nCopies(int count, T element) {
        linear(Math.max(0, count));
    }

    @Charges(value = Collections.class, isStatic = true)
    public static void frequency(Collection<?> collection, Object element) {
        linear(size(collection));
    }

    // ---- arrays --------------------------------------------------------------------------------------------

    @Charges(value = Arrays.class, isStatic = true)
    public static void sort(int[] array) {
        sorting(array == null ? 0 : array.length);
    }

    @Charges(value = Arrays.class, isStatic = true)
    public static void sort(long[] array) {
        sorting(array == null ? 0 : array.length);
    }

    @Charges(value = Arrays.class, isStatic = true)
    public static void sort(char[] array) {
        sorting(array == null ? 0 : array.length);
    }

    @Charges(value = Arrays.class, isStatic = true)
    public static void sort(double[] array) {
        sorting(array == null ? 0 : array.length);
    }

    @Charges(value = Arrays.class, isStatic = true)
    public static void sort(Object[] array) {
        sorting(array == null ? 0 : array.length);
    }

    @Charges(value = Arrays.class, isStatic = true)
    public static void fill(int[] array, int value) {
        linear(array == null ? 0 : array.length / 4);
    }

    @Charges(value = Arrays.class, isStatic = true)
    public static void fill(boolean[] array, boolean value) {
        linear(array == null ? 0 : array.length / 16);
    }

    @Charges(value = Arrays.class, isStatic = true)
    public static void copyOf(int[] array, int length) {
        makes(4L * Math.max(0, length));
    }

    @Charges(value = Arrays.class, isStatic = true)
    public static void copyOfRange(int[] array, int from, int to) {
        makes(4L * Math.max(0L, (long) to - from));
    }

    @Charges(value = Arrays.class, isStatic = true)
    public static void equals(int[] a, int[] b) {
        linear(a == null ? 0 : a.length / 4);
    }

    @Charges(value = System.class, isStatic = true)
    public static void arraycopy(Object from, int at, Object to, int toAt, int length) {
        linear(Math.max(0, length) / 4);
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
