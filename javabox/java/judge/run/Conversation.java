package javabox.judge.run;

import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import javabox.judge.meter.Jars;
import javabox.judge.meter.Rewriter;
import javabox.judge.meter.TestCode;
import javabox.judge.protocol.Job;
import javabox.judge.protocol.Place;
import javabox.judge.protocol.Reply;
import javabox.judge.value.Decoded;
import javabox.judge.value.Expected;
import javabox.judge.value.Literals;
import javabox.program.Frames;
import javabox.program.Text;
import javabox.program.Values;

/**
 * One conversation about one program with the JVM that runs it, and what it proves. Both lanes speak it.
 *
 * <p>A pass needs a frame a case and one at the end, each opened by its token, in order; the values in them are
 * compared here. What ends before that has not passed, whatever it printed or exited with.
 */
public final class Conversation {
    private static final SecureRandom RANDOM = new SecureRandom();
    private static final String UNTESTED = "main returned and had evaluated no assertion and no branch to a throw of the"
            + " tests' own";
    private static final int WORDS = 400;
    private static final int PRINTED_LIMIT = 16 << 20;
    /** The shell's number for an end by signal 1 and up. */
    static final int SIGNALLED = 129;
    private static final int FRAME_LIMIT = 2 * Values.SIZE_LIMIT;

    private final Job job;
    private final Rewriter.Prepared prepared;
    private final boolean junit;
    private TestMethods methods = TestMethods.NONE;
    /** What the program reads and is judged by, of a program that is judged by what it prints; else null. */
    private final byte[] input;
    /** Of cases; 0 where JUnit finds them. */
    private final int count;
    private final byte[][] tokens;
    private final Expected.Value[] expected;
    private final List<Reply.CaseResult> cases = new ArrayList<>();
    private final BitSet lastLines = new BitSet();
    /** The program's first exception; the tests', where there is none of the program's. */
    private Reply.Thrown thrown;
    private boolean thrownByTests;
    private boolean ready;
    private boolean finished;
    private boolean ended;
    private boolean tampered;
    private long fuel = Reply.UNKNOWN;
    private long checks;
    private String words = "";
    private byte[] printed = new byte[0];
    private Reply.Outcome end = Reply.Outcome.PREMATURE_EXIT;

    private Conversation(Job job, Rewriter.Prepared prepared, Expected.Value[] expected, byte[] input) {
        this.job = job;
        this.prepared = prepared;
        this.expected = expected;
        this.input = input;
        junit = job.suite().junit();
        count = input != null ? 1 : junit ? 0 : job.suite().count();
        tokens = new byte[(junit ? Frames.TESTS_LIMIT + 1 : count) + (input != null ? 3 : 2)][Frames.TOKEN_BYTES];
        for (byte[] token : tokens) {
            RANDOM.nextBytes(token);
        }
    }

    /** About all cases of a suite. */
    public static Conversation of(Job job, Rewriter.Prepared prepared, Expected.Value[] expected) {
        return new Conversation(job, prepared, expected, null);
    }

    /** About one run of the program's own main: it passes when that ends normally, whatever it printed. */
    static Conversation of(Job job, Rewriter.Prepared prepared, byte[] input) {
        return new Conversation(job, prepared, null, input);
    }

    Job job() {
        return job;
    }

    Rewriter.Prepared prepared() {
        return prepared;
    }

    /** What it reads; null of a program that is not judged by what it prints. */
    byte[] input() {
        return input;
    }

    /** What it has printed. */
    byte[] printed() {
        return printed;
    }

    /** Whether it came to the end that the protocol foresees, be it that something ran out. */
    boolean complete() {
        return (finished || ended) && !tampered;
    }

    public void send(DataOutputStream out) throws IOException {
        head(out);
        if (input != null) {
            out.write(input);
        }
        out.flush();
    }

    /** All but the input itself. */
    void head(DataOutputStream out) throws IOException {
        out.writeInt(tokens.length);
        for (byte[] token : tokens) {
            out.write(token);
        }
        out.writeBoolean(job.suite().whole() != null);
        out.writeBoolean(junit);
        out.writeBoolean(job.coverage());
        out.writeBoolean(prepared.threads() || prepared.files()); // files: processes too
        out.writeInt(count);
        out.writeInt(outputLimit());
        out.writeLong(job.limits().fuel());
        out.writeLong(job.limits().allocationBytes());
        out.writeLong((long) job.limits().memoryMegabytes() << 20);
        out.writeLong(TestCode.KEY);
        out.writeUTF(prepared.entry());
        // A program of the warm lane names no class of theirs.
        List<Path> jars = prepared.refusal() == null ? List.of() : Jars.GIVEN.atRun(job.suite().junit());
        out.writeInt(jars.size());
        for (Path jar : jars) {
            out.writeUTF(jar.toString());
        }
        out.writeInt(prepared.classes().size());
        for (Map.Entry<String, byte[]> entry : prepared.classes().entrySet()) {
            out.writeBoolean(prepared.testClasses().contains(entry.getKey()));
            write(out, entry);
        }
        Map<String, byte[]> changed = junit ? Jars.GIVEN.sincere() : Map.of();
        out.writeInt(changed.size());
        for (Map.Entry<String, byte[]> entry : changed.entrySet()) {
            write(out, entry);
        }
        out.writeBoolean(input != null);
        if (input != null) {
            out.writeUTF(prepared.main());
            out.writeInt(input.length);
        }
    }

    /**
     * How a process ended that printed to the judge: its own word, before that of the frames.
     *
     * @param status its exit code; null where it has none
     * @param tooMuch whether it printed more than it may
     */
    void ended(Integer status, byte[] output, boolean tooMuch) {
        printed = output;
        boolean orderly = finished;
        if (ended || tampered) {
            return;
        }
        finished = false;
        if (tooMuch) {
            ended = true; // its threads or its hooks may have been at it still, when it had said that it was done
            end = Reply.Outcome.OUTPUT_LIMIT;
        } else if (status != null && (status < SIGNALLED || orderly)) {
            finished = true;
            BitSet lines = cases.isEmpty() ? lastLines : cases.get(0).lines();
            boolean told = !cases.isEmpty() && cases.get(0).outcome() != Reply.Outcome.PASSED;
            if (status == 0 || !told) {
                thrown = null;
                cases.clear();
                cases.add(exited(status, lines));
            }
        }
    }

    private static Reply.CaseResult exited(int code, BitSet lines) {
        boolean normally = (code & 0xff) == 0; // as a process has it
        return new Reply.CaseResult(normally ? Reply.Outcome.PASSED : Reply.Outcome.RUNTIME_ERROR, null, lines,
                normally ? null : "exit code " + (code & 0xff), 0, null);
    }

    private static void write(DataOutputStream out, Map.Entry<String, byte[]> entry) throws IOException {
        out.writeUTF(entry.getKey());
        out.writeInt(entry.getValue().length);
        out.write(entry.getValue());
    }

    /** Reads frames until the last one, an untrue one, or the end. */
    void receive(DataInputStream in) {
        try {
            for (byte[] token : tokens) {
                byte[] head = new byte[Frames.TOKEN_BYTES + 1 + Integer.BYTES];
                in.readFully(head);
                byte[] opening = Arrays.copyOf(head, Frames.TOKEN_BYTES);
                byte kind = head[Frames.TOKEN_BYTES];
                int length = ByteBuffer.wrap(head).getInt(Frames.TOKEN_BYTES + 1);
                if (!Arrays.equals(opening, token) || length < 0 || length > limit(kind)) {
                    tampered = ready;
                    words = ready ? "" : words(head, in);
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

    private int limit(byte kind) {
        return kind == Frames.PRINTED ? outputLimit() : FRAME_LIMIT;
    }

    /** Bytes that the program may print; what it is judged by is kept here, so that is less. */
    int outputLimit() {
        return input == null ? job.limits().outputBytes() : Math.min(PRINTED_LIMIT, job.limits().outputBytes());
    }

    /** @return whether more frames may come */
    private boolean take(byte kind, byte[] payload) throws IOException {
        DataInputStream in = new DataInputStream(new ByteArrayInputStream(payload));
        switch (kind) {
            case Frames.READY -> ready = true;
            case Frames.PRINTED -> printed = payload;
            case Frames.DONE, Frames.TIME, Frames.SPACE, Frames.OUTPUT, Frames.GIVEN_UP -> {
                fuel = in.readLong();
                checks = in.readLong();
                lastLines.or(lines(in));
                finished = kind == Frames.DONE && (junit || cases.size() == count);
                ended = kind != Frames.DONE;
                end = switch (kind) {
                    case Frames.TIME -> Reply.Outcome.TIME_LIMIT;
                    case Frames.SPACE -> Reply.Outcome.MEMORY_LIMIT;
                    case Frames.OUTPUT -> Reply.Outcome.OUTPUT_LIMIT;
                    case Frames.GIVEN_UP -> Reply.Outcome.FAILED;
                    default -> Reply.Outcome.PREMATURE_EXIT;
                };
                return false;
            }
            case Frames.FOUND -> methods = TestMethods.read(in);
            case Frames.TEST -> {
                BitSet lines = lines(in);
                byte status = in.readByte();
                String name = Text.read(in);
                cases.add(status == Frames.FAILED ? thrown(in, lines).named(name)
                        : TestMethods.result(status, name, lines, in));
            }
            case Frames.VALUE, Frames.THROWN, Frames.TOO_LARGE, Frames.MEMORY -> {
                if (cases.size() == count) {
                    throw new IOException("more results than cases");
                }
                cases.add(result(kind, payload.length == 0 ? new BitSet() : lines(in), in));
            }
            default -> throw new IOException("unknown frame " + kind);
        }
        return true;
    }

    /** What a JVM says on its way out, where it never came to run the program. */
    private static String words(byte[] head, DataInputStream in) throws IOException {
        byte[] more = in.readNBytes(WORDS);
        String text = new String(head, StandardCharsets.UTF_8) + new String(more, StandardCharsets.UTF_8);
        return text.replaceAll("\\P{Print}+", " ");
    }

    private static BitSet lines(DataInputStream in) throws IOException {
        byte[] bytes = new byte[Math.max(0, Math.min(in.readInt(), FRAME_LIMIT))];
        in.readFully(bytes);
        return BitSet.valueOf(bytes);
    }

    private Reply.CaseResult result(byte kind, BitSet lines, DataInputStream in) throws IOException {
        switch (kind) {
            case Frames.VALUE -> {
                return compare(in.readAllBytes(), lines);
            }
            case Frames.THROWN -> {
                return thrown(in, lines);
            }
            case Frames.TOO_LARGE -> {
                return Reply.CaseResult.of(Reply.Outcome.OUTPUT_LIMIT, lines);
            }
            default -> {
                end = Reply.Outcome.MEMORY_LIMIT;
                return Reply.CaseResult.of(Reply.Outcome.MEMORY_LIMIT, lines);
            }
        }
    }

    private Reply.CaseResult compare(byte[] encoded, BitSet lines) throws IOException {
        if (input != null) {
            return exited(ByteBuffer.wrap(encoded).getInt(), lines);
        }
        if (job.suite().whole() != null) {
            return Reply.CaseResult.of(Reply.Outcome.PASSED, lines); // main returned
        }
        Job.Case test = job.suite().cases().get(cases.size());
        Expected.Value wanted = expected[cases.size()];
        if (encoded.length > Expected.READ_BYTES) {
            boolean right = wanted == null ? encoded[0] != Values.OPAQUE : wanted.isLarge(encoded, test.tolerance());
            return Reply.CaseResult.of(right ? Reply.Outcome.PASSED : Reply.Outcome.FAILED, lines);
        }
        Object value = Decoded.of(encoded);
        boolean right = wanted == null ? !(value instanceof Decoded.Opaque) : wanted.is(value, test.tolerance());
        String rendered = Literals.render(value);
        String shown = right || rendered != null ? null : Literals.show(value);
        return new Reply.CaseResult(right ? Reply.Outcome.PASSED : Reply.Outcome.FAILED, rendered, lines, shown, 0, null);
    }

    /** What the tests threw is their word against the program, what the program threw is its own end. */
    private Reply.CaseResult thrown(DataInputStream in, BitSet lines) throws IOException {
        String type = Text.read(in);
        String message = in.readBoolean() ? Text.read(in) : null;
        int line = in.readInt();
        int testsLine = in.readInt();
        boolean byTests = in.readBoolean();
        if (thrown == null || thrownByTests && !byTests) {
            thrownByTests = byTests;
            thrown = new Reply.Thrown(type, message, Place.of(job).line(line));
        }
        return new Reply.CaseResult(byTests ? Reply.Outcome.FAILED : Reply.Outcome.RUNTIME_ERROR, null, lines,
                Text.capped(message == null ? type : type + ": " + message), testsLine, null);
    }

    /**
     * @param patience what ended it, where that was its wall or its idle limit; may be null
     * @param byItself whether a program that ended early is known to have done so itself, by no signal
     */
    Reply reply(String lane, Patience patience, boolean byItself) {
        boolean late = patience != null && patience.late();
        if (!ready && !late) {
            return Reply.trouble(Reply.Outcome.JUDGE_ERROR, ("the JVM of a program did not start: " + words).strip());
        }
        boolean byClock = late && !complete();
        boolean doubtfulClock = byClock && !patience.waited() && patience.starved();
        Reply.Outcome outcome = byClock && patience.flooded() ? Reply.Outcome.OUTPUT_LIMIT
                : byClock ? Reply.Outcome.TIME_LIMIT
                : tampered ? Reply.Outcome.PREMATURE_EXIT : finished ? worst() : end;
        boolean none = junit && outcome == Reply.Outcome.PASSED && TestMethods.nonePassed(cases);
        outcome = none ? Reply.Outcome.UNTESTED : outcome;
        boolean untested = outcome == Reply.Outcome.PASSED && !junit && job.suite().whole() != null
                && prepared.witnessed() && checks == 0;
        if (untested) {
            outcome = Reply.Outcome.UNTESTED;
            cases.replaceAll(c -> Reply.CaseResult.of(Reply.Outcome.UNTESTED, c.lines()));
        }
        if (junit && !finished) {
            cases.addAll(methods.missing(cases, outcome));
        }
        for (BitSet lines = lastLines; cases.size() < count; lines = new BitSet()) {
            cases.add(Reply.CaseResult.of(outcome, lines));
        }
        // Where memory ran out in fact and not by count, the fuel used until then is a matter of the heap.
        boolean countedFuel = prepared.metered() && !prepared.threads() && complete()
                && cases.stream().noneMatch(c -> c.outcome() == Reply.Outcome.MEMORY_LIMIT && !ended);
        boolean doubtful = doubtfulClock || outcome == Reply.Outcome.PREMATURE_EXIT && !tampered && !byItself;
        boolean deterministic = !doubtful && !byClock && !prepared.chance();
        return new Reply(outcome, List.of(), thrown, List.copyOf(cases), lane, deterministic, doubtful,
                countedFuel ? fuel : Reply.UNKNOWN, Reply.Times.NONE, untested ? UNTESTED : none ? TestMethods.NO_TEST : "");
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
