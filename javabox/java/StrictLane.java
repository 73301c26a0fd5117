package javabox;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The strict lane's outside: starts a fresh JVM for one program, reads its frames, compares the values.
 *
 * <p>The JVM is a session of its own and is killed as a group: at the wall limit from here, at its end by the
 * shell that it runs under. Groups says what becomes of a process that leaves the session.
 */
final class StrictLane {
    private static final SecureRandom RANDOM = new SecureRandom();
    private static final int FRAME_LIMIT = 2 * Values.SIZE_LIMIT;

    private final ScheduledExecutorService timer;
    private final Groups groups;
    private final Runnable wearOut;
    private final String launcher = System.getProperty("java.home") + "/bin/java";
    private final String jar = System.getProperty("java.class.path");

    /** @param wearOut asks for a new supervisor, for processes that escaped are left beside this one */
    StrictLane(ScheduledExecutorService timer, Groups groups, Runnable wearOut) {
        this.timer = timer;
        this.groups = groups;
        this.wearOut = wearOut;
    }

    Reply run(Job job, Map<String, byte[]> classes, Object[] expected) {
        int cases = job.suite().whole() != null ? 1 : job.suite().cases().size();
        byte[][] tokens = new byte[cases + 2][Runner.TOKEN_BYTES];
        for (byte[] token : tokens) {
            RANDOM.nextBytes(token);
        }
        Process process;
        try {
            process = start(job.limits());
        } catch (IOException e) {
            return Reply.trouble(Reply.Outcome.JUDGE_ERROR, "no JVM could be started: " + e.getMessage());
        }
        groups.add(process);
        AtomicBoolean late = new AtomicBoolean();
        ScheduledFuture<?> alarm = timer.schedule(() -> {
            late.set(true);
            groups.kill(process);
        }, job.limits().wallMillis(), TimeUnit.MILLISECONDS);
        Protocol protocol = new Protocol(job, cases, tokens, expected);
        try {
            protocol.talk(process, classes);
        } finally {
            alarm.cancel(false);
            end(process, protocol.finished && !protocol.tampered);
            groups.remove(process);
            if (groups.strays()) {
                wearOut.run();
            }
        }
        return protocol.reply(late.get());
    }

    private Process start(Job.Limits limits) throws IOException {
        ProcessBuilder builder = new ProcessBuilder("setsid", "sh", "-c", "\"$@\"; kill -9 0", "sh", launcher,
                "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:CICompilerCount=1", "-XX:-UsePerfData",
                // Most programs end before compiling their start-up code has paid off: 12 % less CPU a program.
                "-XX:CompileThresholdScaling=10",
                "-XX:+DisableAttachMechanism", "-Xshare:auto", "-XX:SharedArchiveFile=" + jar.replace(".jar", ".jsa"),
                "-Xlog:disable", "-Xmx" + limits.memoryMegabytes() + "m", "-Duser.language=en", "-cp", jar,
                "javabox.Runner");
        builder.environment().clear();
        builder.environment().putAll(Map.of("PATH", "/usr/bin:/bin", "LANG", "C.UTF-8", "MALLOC_ARENA_MAX", "2"));
        builder.redirectError(ProcessBuilder.Redirect.DISCARD);
        return builder.start();
    }

    private void end(Process process, boolean byItself) {
        try {
            if (byItself) {
                process.getOutputStream().close(); // on which the runner halts
            }
            if (!byItself || !process.waitFor(2, TimeUnit.SECONDS)) {
                groups.kill(process);
            }
        } catch (IOException e) {
            groups.kill(process);
        } catch (InterruptedException e) {
            groups.kill(process);
            Thread.currentThread().interrupt();
        }
    }

    /** One conversation with one runner, and what it proves. */
    private static final class Protocol {
        private final Job job;
        private final int count;
        private final byte[][] tokens;
        private final Object[] expected;
        private final List<Reply.CaseResult> cases = new ArrayList<>();
        private Reply.Thrown thrown;
        private boolean ready;
        private boolean finished;
        private boolean tampered;
        private Reply.Outcome end = Reply.Outcome.PREMATURE_EXIT;

        Protocol(Job job, int count, byte[][] tokens, Object[] expected) {
            this.job = job;
            this.count = count;
            this.tokens = tokens;
            this.expected = expected;
        }

        void talk(Process process, Map<String, byte[]> classes) {
            try {
                send(process, classes);
                DataInputStream in = new DataInputStream(new BufferedInputStream(process.getInputStream(), 1 << 13));
                for (byte[] token : tokens) {
                    byte[] opening = new byte[Runner.TOKEN_BYTES];
                    in.readFully(opening);
                    byte kind = in.readByte();
                    int length = in.readInt();
                    if (!Arrays.equals(opening, token) || length < 0 || length > FRAME_LIMIT) {
                        tampered = true;
                        return;
                    }
                    byte[] payload = new byte[length];
                    in.readFully(payload);
                    if (!take(kind, payload)) {
                        return;
                    }
                }
            } catch (EOFException e) {
                return; // it ended early: `finished` says so
            } catch (IOException | RuntimeException e) {
                tampered = ready;
            }
        }

        private void send(Process process, Map<String, byte[]> classes) throws IOException {
            DataOutputStream out = new DataOutputStream(new BufferedOutputStream(process.getOutputStream(), 1 << 14));
            out.writeInt(tokens.length);
            for (byte[] token : tokens) {
                out.write(token);
            }
            out.writeBoolean(job.suite().whole() != null);
            out.writeInt(count);
            out.writeInt(job.limits().outputBytes());
            out.writeInt(classes.size());
            for (Map.Entry<String, byte[]> entry : classes.entrySet()) {
                out.writeUTF(entry.getKey());
                out.writeInt(entry.getValue().length);
                out.write(entry.getValue());
            }
            out.flush(); // and left open: its end tells the runner that the judge is gone
        }

        /** @return whether more frames may come */
        private boolean take(byte kind, byte[] payload) throws IOException {
            switch (kind) {
                case Runner.READY -> ready = true;
                case Runner.DONE -> finished = cases.size() == count;
                case Runner.VALUE -> cases.add(compare(Values.decode(payload)));
                case Runner.TOO_LARGE -> cases.add(new Reply.CaseResult(Reply.Outcome.OUTPUT_LIMIT, null));
                case Runner.THROWN -> {
                    cases.add(new Reply.CaseResult(Reply.Outcome.RUNTIME_ERROR, null));
                    note(payload);
                }
                case Runner.MEMORY -> {
                    cases.add(new Reply.CaseResult(Reply.Outcome.MEMORY_LIMIT, null));
                    end = Reply.Outcome.MEMORY_LIMIT;
                }
                case Runner.OUTPUT -> {
                    end = Reply.Outcome.OUTPUT_LIMIT;
                    return false;
                }
                default -> throw new IOException("unknown frame " + kind);
            }
            return kind != Runner.DONE;
        }

        private Reply.CaseResult compare(Object value) {
            if (job.suite().whole() != null) {
                return new Reply.CaseResult(Reply.Outcome.PASSED, null); // main returned
            }
            Job.Case test = job.suite().cases().get(cases.size());
            String text = Literals.render(value);
            boolean right = test.expected() == null
                    ? !(value instanceof Values.Opaque)
                    : Values.same(value, expected[cases.size()], test.tolerance());
            return new Reply.CaseResult(right ? Reply.Outcome.PASSED : Reply.Outcome.FAILED, text);
        }

        private void note(byte[] payload) throws IOException {
            if (thrown == null) {
                DataInputStream in = new DataInputStream(new ByteArrayInputStream(payload));
                String type = Job.text(in);
                String message = in.readBoolean() ? Job.text(in) : null;
                thrown = new Reply.Thrown(type, message, Place.of(job).line(in.readInt()));
            }
        }

        Reply reply(boolean late) {
            if (!ready) {
                return Reply.trouble(Reply.Outcome.JUDGE_ERROR, "the JVM of a program did not start");
            }
            Reply.Outcome outcome;
            if (finished && !tampered) {
                outcome = worst();
            } else {
                outcome = late ? Reply.Outcome.TIME_LIMIT : tampered ? Reply.Outcome.PREMATURE_EXIT : end;
            }
            while (cases.size() < count) {
                cases.add(new Reply.CaseResult(outcome, null));
            }
            boolean deterministic = outcome != Reply.Outcome.TIME_LIMIT;
            return new Reply(outcome, List.of(), thrown, cases.subList(0, count), 0, deterministic, "");
        }

        /** Of a program that ran to the end: a limit before an exception before a wrong answer. */
        private Reply.Outcome worst() {
            for (Reply.Outcome bad : List.of(Reply.Outcome.MEMORY_LIMIT, Reply.Outcome.OUTPUT_LIMIT,
                    Reply.Outcome.RUNTIME_ERROR, Reply.Outcome.FAILED)) {
                if (cases.stream().anyMatch(c -> c.outcome() == bad)) {
                    return bad;
                }
            }
            return Reply.Outcome.PASSED;
        }
    }
}
