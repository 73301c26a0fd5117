package javabox.judge.compile;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/** Maps of a limited size, which threads may share: what was not used for the longest time is dropped. */
final class LruCache {
    private LruCache() {}

    static <K, V> Map<K, V> holding(int limit) {
        return Collections.synchronizedMap(new LinkedHashMap<>(256, 0.75f, true) {
            private static final long serialVersionUID = 1;

            @Override
            protected boolean removeEldestEntry(Map.Entry<K, V> eldest) {
                return size() > limit;
            }
        });
    }
}
