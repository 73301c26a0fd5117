package javabox.judge.run;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import javabox.judge.protocol.Reply;

/**
 * The strict lane's outside for a program that reads standard input: a fresh JVM for one run, whose standard input and
 * output are the program's own.
 *
 * <p>The shell that it runs under gives it one pipe more, for frames, and writes its exit status into the same pipe
 * after them. Input and output have a thread each, since a program may print before it reads.
 */
final class StrictStdin {
    private static final List<String> SESSION = List.of("setsid", "sh", "-c",
            "\"$@\" 3>&2 2>/dev/null; echo \"=$?\" >&2; kill -9 0", "sh");
    private static final ProgramJvm.Kind FRESH = new ProgramJvm.Kind("StdinRunner", SESSION,
            List.of("-XX:CompileThresholdScaling=10"), List.of(), ProcessBuilder.Redirect.PIPE, 1 << 14);
    /** So much longer than its judge allows a program ends itself, its judge being gone. */
    private static final int GRACE_MILLIS = 5000;
    /** What a process that left its group may still hold open is not waited for. */
    private static final int STRAYS_MILLIS = 300;

    /** More than frames are: who writes so much there is the program. */
    private static final int SAID_BYTES = 1 << 18;

    private final Controls controls;

    StrictStdin(Controls controls) {
        this.controls = controls;
    }

    Reply run(Conversation conversation) {
        ProgramJvm jvm;
        try {
            jvm = ProgramJvm.start(FRESH, conversation.job().limits().memoryMegabytes(), controls);
        } catch (IOException e) {
            return Reply.trouble(Reply.Outcome.JUDGE_ERROR, "no JVM could be started: " + e.getMessage());
        }
        controls.requests().running(conversation.job(), jvm::kill);
        Patience patience = new Patience(jvm, conversation.job().limits(), conversation.prepared().files(),
                controls.watchdog());
        Output output = new Output(jvm, conversation.outputLimit());
        byte[] said = new byte[0];
        try {
            start("stdin", () -> write(conversation, jvm.out));
            Thread reader = start("stdout", output);
            said = all(jvm);
            patience.over();
            reader.join(STRAYS_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            patience.over();
            jvm.end();
        }
        int end = new String(said, StandardCharsets.ISO_8859_1).lastIndexOf('=');
        Integer status = status(said, end);
        conversation.receive(new DataInputStream(new ByteArrayInputStream(said, 0, end < 0 ? said.length : end)));
        conversation.ended(status, output.bytes(), output.tooMuch);
        boolean byItself = conversation.complete() || status != null && status < Conversation.SIGNALLED;
        return conversation.reply(Reply.STRICT, patience, byItself || patience.late());
    }

    /** Up to the end of its frames' pipe: no process but the JVM and its shell has the other end. */
    private static byte[] all(ProgramJvm jvm) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        byte[] some = new byte[1 << 12];
        try (InputStream in = jvm.process.getErrorStream()) {
            for (int count = in.read(some); count >= 0 && bytes.size() < SAID_BYTES; count = in.read(some)) {
                bytes.write(some, 0, count);
            }
        } catch (IOException e) {
            return bytes.toByteArray(); // closed with the process
        }
        return bytes.toByteArray();
    }

    private static Thread start(String name, Runnable work) {
        Thread thread = new Thread(work, name);
        thread.setDaemon(true);
        thread.start();
        return thread;
    }

    private static void write(Conversation conversation, DataOutputStream out) {
        try (out) {
            ByteArrayOutputStream head = new ByteArrayOutputStream();
            DataOutputStream data = new DataOutputStream(head);
            conversation.head(data);
            data.writeInt(conversation.job().limits().wallMillis() + GRACE_MILLIS);
            out.writeInt(head.size());
            head.writeTo(out);
            out.write(conversation.input());
        } catch (IOException e) {
            return; // it ends without having read it all, as it may
        }
    }

    /** @return null where the shell was ended before it could say */
    private static Integer status(byte[] said, int at) {
        try {
            return at < 0 ? null
                    : Integer.valueOf(new String(said, at + 1, said.length - at - 1, StandardCharsets.US_ASCII).strip());
        } catch (NumberFormatException e) {
            return null;
        }
    }

    /** All that is printed, up to the limit; what prints more is ended. */
    private static final class Output implements Runnable {
        private final ProgramJvm jvm;
        private final int limit;
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        volatile boolean tooMuch;

        Output(ProgramJvm jvm, int limit) {
            this.jvm = jvm;
            this.limit = limit;
        }

        byte[] bytes() {
            synchronized (bytes) {
                return bytes.toByteArray();
            }
        }

        @Override
        public void run() {
            byte[] some = new byte[1 << 16];
            try {
                for (int count = jvm.in.read(some); count >= 0; count = jvm.in.read(some)) {
                    synchronized (bytes) {
                        int room = limit - bytes.size();
                        bytes.write(some, 0, Math.min(count, room));
                        tooMuch |= count > room;
                    }
                    if (tooMuch) {
                        jvm.kill();
                        return;
                    }
                }
            } catch (IOException e) {
                return; // the process is gone
            }
        }
    }
}
