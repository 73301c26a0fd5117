package javabox.judge.run;

import java.io.BufferedReader;
import java.io.FileReader;
import java.io.FileWriter;
import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The process groups of the running programs: ends them, and sees what escaped from them.
 *
 * <p>A fork bomb keeps the judge from forking a `kill`, so a process that is there beforehand does it, and the
 * kernel signals a whole group at once, which no fork outruns. It is a shell whose `kill` is built in, or, where
 * the judge itself may signal nobody, the warden that it was started by (engines/restricted/warden.py).
 *
 * <p>A process that leaves its group with setsid can't be ended so. The warden finds it by its parents and ends
 * it. Where the judge is alone in a process namespace (JAVABOX_ALONE), what is in no known group is such a stray;
 * the answer is to replace the supervisor with everything in its namespace. Elsewhere strays can't be told from
 * the user's own processes.
 */
public final class Groups {
    private static final String KILLER = "while read -r group; do kill -s KILL -- -\"$group\"; echo; done 2>/dev/null";
    private static final boolean ALONE = System.getenv("JAVABOX_ALONE") != null;
    /** The numbers of this process's two pipes to its warden: where it listens, and where it asks. */
    private static final String WARDEN = System.getProperty("javabox.warden");
    private static final int LOOKS = 3;

    private final Set<Long> live = ConcurrentHashMap.newKeySet();
    private final Writer requests;
    private final BufferedReader answers;

    public Groups() throws IOException {
        if (WARDEN != null) {
            String[] pipes = WARDEN.split(":");
            answers = new BufferedReader(new FileReader("/proc/self/fd/" + pipes[0]));
            requests = new FileWriter("/proc/self/fd/" + pipes[1]);
        } else {
            Process killer = new ProcessBuilder("sh", "-c", KILLER)
                    .redirectError(ProcessBuilder.Redirect.DISCARD).start();
            answers = killer.inputReader();
            requests = killer.outputWriter();
        }
    }

    void add(Process leader) {
        live.add(leader.pid());
    }

    void remove(Process leader) {
        live.remove(leader.pid());
    }

    void kill(Process leader) {
        kill(leader.pid());
        leader.destroyForcibly();
    }

    public void killAll() {
        live.forEach(this::kill);
    }

    private void kill(long group) {
        ask(WARDEN != null ? "kill " + group : "" + group);
    }

    /** What ends programs does what it is asked for, and says a number. */
    private synchronized int ask(String request) {
        try {
            requests.write(request + "\n");
            requests.flush();
            // A program can write into the pipes of the shell, so nothing is read off what that says.
            String answer = WARDEN != null ? answers.readLine() : answers.read() < 0 ? null : "1";
            if (answer == null) {
                throw new IOException("it was ended");
            }
            return Integer.parseInt(answer);
        } catch (IOException e) {
            System.err.println("javabox: the process that ends programs is gone: " + e.getMessage());
            Runtime.getRuntime().halt(1); // programs see the end of their stdin; the namespace ends the rest
            return 0;
        }
    }

    /** Whether processes are left that belong to no running program. What the warden finds it has ended. */
    public boolean strays() {
        if (WARDEN != null) {
            return ask("strays") < 0;
        }
        // Several looks, since a group that is being killed or is just being made is none.
        try {
            for (int i = 0; i < LOOKS; i++) {
                if (!ALONE || !straysNow()) {
                    return false;
                }
                Thread.sleep(20);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException e) {
            System.err.println("javabox: /proc can't be read: " + e.getMessage());
        }
        return true;
    }

    private boolean straysNow() throws IOException {
        if (keepsMemory()) {
            return true;
        }
        long own = group(Path.of("/proc/self"));
        long first = group(Path.of("/proc/1"));
        try (DirectoryStream<Path> processes = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
            for (Path process : processes) {
                long group = group(process);
                if (group > 0 && group != own && group != first && !live.contains(group)) {
                    return true;
                }
            }
        }
        return false;
    }

    /** Whether shared memory, queues or semaphores are there: the kernel keeps them though no process is left. */
    private static boolean keepsMemory() throws IOException {
        for (String kind : List.of("shm", "msg", "sem")) {
            Path table = Path.of("/proc/sysvipc", kind);
            if (Files.exists(table) && Files.readAllLines(table).size() > 1) { // the first one is its head
                return true;
            }
        }
        return false;
    }

    /** @return the process group; 0 of a process that is gone or dead, or whose group is of another namespace */
    private static long group(Path process) throws IOException {
        try {
            String stat = Files.readString(process.resolve("stat"), StandardCharsets.ISO_8859_1);
            String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
            return fields[0].equals("Z") ? 0 : Long.parseLong(fields[2]);
        } catch (NoSuchFileException e) {
            return 0;
        } catch (IOException e) {
            if (Files.exists(process)) {
                throw e;
            }
            return 0; // ended between opening and reading
        }
    }
}
