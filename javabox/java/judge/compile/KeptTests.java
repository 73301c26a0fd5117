package javabox.judge.compile;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import javabox.judge.meter.Rewriter;

/**
 * A cache of what tests became beside earlier programs: their class files, metered.
 *
 * <p>Tests see a program's declarations and not its code, so beside two programs that declare the same javac makes
 * the same class files of them. Samples of one problem mostly do declare the same, and compiling the tests is more
 * than half of javac's work. Kept by the tests' text, then by the program's {@link Declarations}; the text that was
 * not used for the longest time goes first. Tests that do not compile beside a program are not kept.
 */
final class KeptTests {
    private static final long BYTES = 48 << 20;
    /** A problem has few honest signatures; whoever declares something new each time gains nothing. */
    private static final int PROGRAMS_A_TEXT = 8;

    /** What became of one text, beside programs that declare different things. */
    private static final class Variants {
        final Set<String> names;
        final Map<String, Rewriter.Tests> byDeclarations = new LinkedHashMap<>(4, 0.75f, true);

        Variants(Set<String> names) {
            this.names = names;
        }

        void put(String declarations, Rewriter.Tests tests) {
            byDeclarations.putIfAbsent(declarations, tests);
            if (byDeclarations.size() > PROGRAMS_A_TEXT) {
                byDeclarations.remove(byDeclarations.keySet().iterator().next());
            }
        }

        long bytes() {
            long sum = 0;
            for (Map.Entry<String, Rewriter.Tests> entry : byDeclarations.entrySet()) {
                sum += 2L * entry.getKey().length();
                for (byte[] code : entry.getValue().classes().values()) {
                    sum += code.length;
                }
            }
            return sum;
        }
    }

    private final Map<String, Variants> kept = new LinkedHashMap<>(256, 0.75f, true);
    private long bytes;

    /** Whether it is worth to compile this source without its tests: it then says the same of the source. */
    synchronized boolean knows(String tests, String source) {
        Variants variants = kept.get(tests);
        // Who names a class of the tests may need them to compile.
        return variants != null && variants.names.stream().noneMatch(source::contains);
    }

    /** @return null where these tests have not been seen beside such a program */
    synchronized Rewriter.Tests find(String tests, String declarations) {
        Variants variants = kept.get(tests);
        return variants == null ? null : variants.byDeclarations.get(declarations);
    }

    /** @param declarations null, where nothing is to be kept */
    synchronized void keep(String tests, String declarations, Rewriter.Tests became) {
        if (declarations == null) {
            return;
        }
        Variants variants = kept.computeIfAbsent(tests, text -> new Variants(became.classes().keySet()));
        bytes -= variants.bytes();
        variants.put(declarations, became);
        bytes += variants.bytes();
        Iterator<Variants> eldest = kept.values().iterator();
        while (bytes > BYTES) {
            bytes -= eldest.next().bytes();
            eldest.remove();
        }
    }
}
