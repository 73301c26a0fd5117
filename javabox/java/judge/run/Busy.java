package javabox.judge.run;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Processor time of the processes below a program's first one, or of a thread, had and waited for, in nanoseconds.
 *
 * <p>Read from the kernel's own count for each thread (`schedstat`), which tells what ran from what was ready and had
 * no processor: so a program that waits is told from one that a busy machine starves. Not covered: kernels built
 * without it, where nothing is known.
 *
 * @param ran on a processor
 * @param starved ready to run, without a processor
 */
record Busy(long ran, long starved) {
    private static final int GENERATIONS = 8;

    /** @return null where nothing is known, the program having just ended maybe */
    static Busy of(long process) {
        try {
            return below(process, GENERATIONS);
        } catch (IOException | RuntimeException e) {
            return null;
        }
    }

    /** Of one thread, by its folder in /proc; null where nothing is known. */
    static Busy ofThread(Path thread) {
        try {
            String[] counts = Files.readString(thread.resolve("schedstat")).strip().split(" ");
            return new Busy(Long.parseLong(counts[0]), Long.parseLong(counts[1]));
        } catch (IOException | RuntimeException e) {
            return null;
        }
    }

    long total() {
        return ran + starved;
    }

    private static Busy below(long process, int generations) throws IOException {
        long ran = 0;
        long starved = 0;
        try (DirectoryStream<Path> threads = Files.newDirectoryStream(Path.of("/proc/" + process + "/task"))) {
            for (Path thread : threads) {
                String[] counts = Files.readString(thread.resolve("schedstat")).strip().split(" ");
                ran += Long.parseLong(counts[0]);
                starved += Long.parseLong(counts[1]);
                String children = Files.readString(thread.resolve("children")).strip();
                for (String child : children.isEmpty() || generations == 0 ? new String[0] : children.split(" ")) {
                    Busy busy = below(Long.parseLong(child), generations - 1);
                    ran += busy.ran;
                    starved += busy.starved;
                }
            }
        }
        return new Busy(ran, starved);
    }
}
