package javabox.runtime;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedList;
import java.util.PriorityQueue;
import java.util.Vector;
import javabox.program.Tank;

/**
 * Charges for work that is hidden in a call into the JDK and may be large: made before the call, by its size.
 *
 * <p>{@link TextWork}, {@link CollectionWork} and {@link NumberWork} hold the calls. Callbacks into the program
 * charge by themselves. What is not there costs what a call costs, and the wall clock stands behind it.
 */
final class Work {
    private Work() {}

    static void linear(long elements) {
        Meter.spend(elements);
    }

    static void sorting(long elements) {
        Meter.spend(elements * (64 - Long.numberOfLeadingZeros(elements)) * 2);
    }

    static void makes(long bytes) {
        Tank.allocate(Math.max(0, bytes));
        Meter.spend(bytes >> 4);
    }

    /** Only of what is exactly one of the JDK's own: another's size() may run code of the program's. */
    static long size(Object collection) {
        if (collection == null) {
            return 0;
        }
        Class<?> type = collection.getClass();
        boolean known = type == ArrayList.class || type == LinkedList.class || type == ArrayDeque.class
                || type == PriorityQueue.class || type == Vector.class;
        return known ? ((Collection<?>) collection).size() : 1;
    }
}
