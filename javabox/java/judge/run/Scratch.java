package javabox.judge.run;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The one folder that programs can write: for their temporary files. Whoever may write a file has it alone, and it is
 * empty before and after.
 *
 * <p>All programs have one user, so nothing else keeps what one leaves from the next. Whoever can't write a file (by
 * meter/Scan) need not wait.
 */
public final class Scratch {
    /** All that it may hold; where it is a file system of its own, that is no larger. */
    static final long BYTES = 64 << 20;
    static final long FILES = 5000;
    private static final Path FOLDER = Path.of(System.getProperty("javabox.tmp", "/nonexistent"));

    private final ReentrantLock lock = new ReentrantLock();

    /** The folder, as a flag for a program's JVM. */
    static String flag() {
        return "-Djava.io.tmpdir=" + FOLDER;
    }

    public void take() {
        lock.lock();
    }

    /** Between two runs of a program, by who has taken it. @return whether nothing is left in it */
    public boolean clear() {
        return !Files.isDirectory(FOLDER) || empty();
    }

    /** @return whether nothing is left in it */
    public boolean giveBack() {
        try {
            return clear();
        } finally {
            lock.unlock();
        }
    }

    /** Whether a program has filled it: to be looked at now and then, where no file system of its own does. */
    static boolean full() {
        AtomicLong size = new AtomicLong();
        AtomicLong files = new AtomicLong();
        try {
            Files.walkFileTree(FOLDER, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                    size.addAndGet(attributes.size());
                    return files.incrementAndGet() > FILES ? FileVisitResult.TERMINATE : FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult visitFileFailed(Path file, IOException e) {
                    return FileVisitResult.CONTINUE; // deleted meanwhile
                }
            });
        } catch (IOException e) {
            return false; // the program is at work there
        }
        return size.get() > BYTES || files.get() > FILES;
    }

    private static boolean empty() {
        try (DirectoryStream<Path> left = Files.newDirectoryStream(FOLDER)) {
            for (Path path : left) {
                delete(path);
            }
            return true;
        } catch (IOException e) {
            System.err.println("javabox: temporary files can't be deleted: " + e);
            return false;
        }
    }

    private static void delete(Path top) throws IOException {
        Files.walkFileTree(top, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
                folder.toFile().setWritable(true);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.delete(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
                // A folder that its owner, who is ours, has closed; on the Landlock floor it stays so, and may be empty.
                if (file.toFile().setReadable(true) && file.toFile().setExecutable(true)) {
                    delete(file);
                } else {
                    Files.delete(file);
                }
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path folder, IOException e) throws IOException {
                Files.delete(folder);
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
