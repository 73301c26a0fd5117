package javabox.judge;

import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import javabox.program.Frames;
import javabox.program.Text;
import javabox.program.Values;

/**
 * One conversation about one program with the JVM that runs it, and what it proves. Both lanes speak it.
 *
 * <p>A pass needs a frame a case and one at the end, each opened by its token, in order; the values in them are
 * compared here. What ends before that has not passed, whatever it printed or exited with.
 */
final class Protocol {
    private static final SecureRandom RANDOM = new SecureRandom();
    private static final int FRAME_LIMIT = 2 * Values.SIZE_LIMIT;
    /**
     * A value that takes more bytes is looked at only if the expected one takes as many, as an equal one would.
     * To read a value costs what its author likes: sets of lists that all hash alike, numbers of many digits.
     */
    private static final int READ_BYTES = 1 << 16;

    private final Job job;
    private final Rewriter.Prepared prepared;
    private final int count;
    private final byte[][] tokens;
    private final Values.Sized[] expected;
    private final List<Reply.CaseResult> cases = new ArrayList<>();
    private final BitSet lastLines = new BitSet();
    private Reply.Thrown thrown;
    private boolean ready;
    private boolean finished;
    private boolean ended;
    private boolean tampered;
    private long fuel = Reply.UNKNOWN;
    private Reply.Outcome end = Reply.Outcome.PREMATURE_EXIT;

    Protocol(Job job, Rewriter.Prepared prepared, Values.Sized[] expected) {
        this.job = job;
        this.prepared = prepared;
        this.expected = expected;
        count = job.suite().whole() != null ? 1 : job.suite().cases().size();
        tokens = new byte[count + 2][Frames.TOKEN_BYTES];
        for (byte[] token : tokens) {
            RANDOM.nextBytes(token);
        }
    }

    /** Whether it came to the end that the protocol foresees, be it that something ran out. */
    boolean complete() {
        return (finished || ended) && !tampered;
    }

    void send(DataOutputStream out) throws IOException {
        out.writeInt(tokens.length);
        for (byte[] token : tokens) {
            out.write(token);
        }
        out.writeBoolean(job.suite().whole() != null);
        out.writeBoolean(job.coverage());
        out.writeInt(count);
        out.writeInt(job.limits().outputBytes());
        out.writeLong(job.limits().fuel());
        out.writeLong(job.limits().allocationBytes());
        out.writeLong((long) job.limits().memoryMegabytes() << 20);
        out.writeInt(prepared.classes().size());
        for (Map.Entry<String, byte[]> entry : prepared.classes().entrySet()) {
            out.writeUTF(entry.getKey());
            out.writeInt(entry.getValue().length);
            out.write(entry.getValue());
        }
        out.flush();
    }

    /** Reads frames until the last one, an untrue one, or the end. */
    void receive(DataInputStream in) {
        try {
            for (byte[] token : tokens) {
                byte[] opening = new byte[Frames.TOKEN_BYTES];
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

    /** @return whether more frames may come */
    private boolean take(byte kind, byte[] payload) throws IOException {
        DataInputStream in = new DataInputStream(new ByteArrayInputStream(payload));
        switch (kind) {
            case Frames.READY -> ready = true;
            case Frames.DONE, Frames.TIME, Frames.SPACE, Frames.OUTPUT -> {
                fuel = in.readLong();
                lastLines.or(lines(in));
                finished = kind == Frames.DONE && cases.size() == count;
                ended = kind != Frames.DONE;
                end = switch (kind) {
                    case Frames.TIME -> Reply.Outcome.TIME_LIMIT;
                    case Frames.SPACE -> Reply.Outcome.MEMORY_LIMIT;
                    case Frames.OUTPUT -> Reply.Outcome.OUTPUT_LIMIT;
                    default -> Reply.Outcome.PREMATURE_EXIT;
                };
                return false;
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
                note(in);
                return new Reply.CaseResult(Reply.Outcome.RUNTIME_ERROR, null, lines);
            }
            case Frames.TOO_LARGE -> {
                return new Reply.CaseResult(Reply.Outcome.OUTPUT_LIMIT, null, lines);
            }
            default -> {
                end = Reply.Outcome.MEMORY_LIMIT;
                return new Reply.CaseResult(Reply.Outcome.MEMORY_LIMIT, null, lines);
            }
        }
    }

    private Reply.CaseResult compare(byte[] encoded, BitSet lines) throws IOException {
        if (job.suite().whole() != null) {
            return new Reply.CaseResult(Reply.Outcome.PASSED, null, lines); // main returned
        }
        Job.Case test = job.suite().cases().get(cases.size());
        Values.Sized wanted = expected[cases.size()];
        if (encoded.length > READ_BYTES && (wanted == null || encoded.length != wanted.bytes())) {
            boolean reported = wanted == null && encoded[0] != Values.OPAQUE;
            return new Reply.CaseResult(reported ? Reply.Outcome.PASSED : Reply.Outcome.FAILED, null, lines);
        }
        Object value = Values.decode(encoded);
        boolean right = wanted == null ? !(value instanceof Values.Opaque)
                : Values.same(value, wanted.value(), test.tolerance());
        return new Reply.CaseResult(right ? Reply.Outcome.PASSED : Reply.Outcome.FAILED, Literals.render(value), lines);
    }

    private void note(DataInputStream in) throws IOException {
        if (thrown == null) {
            String type = Text.read(in);
            String message = in.readBoolean() ? Text.read(in) : null;
            thrown = new Reply.Thrown(type, message, Place.of(job).line(in.readInt()));
        }
    }

    /**
     * @param late whether it was ended at the wall limit
     * @param byItself whether a program that ended early is known to have done so itself, by no signal
     */
    Reply reply(String lane, boolean late, boolean byItself) {
        if (!ready && !late) {
            return Reply.trouble(Reply.Outcome.JUDGE_ERROR, "the JVM of a program did not start");
        }
        boolean byClock = late && !complete();
        Reply.Outcome outcome = byClock ? Reply.Outcome.TIME_LIMIT
                : tampered ? Reply.Outcome.PREMATURE_EXIT : finished ? worst() : end;
        for (BitSet lines = lastLines; cases.size() < count; lines = new BitSet()) {
            cases.add(new Reply.CaseResult(outcome, null, lines));
        }
        // Where memory ran out in fact and not by count, the fuel used until then is a matter of the heap.
        boolean countedFuel = prepared.metered() && !prepared.threads() && complete()
                && cases.stream().noneMatch(c -> c.outcome() == Reply.Outcome.MEMORY_LIMIT && !ended);
        boolean doubtful = byClock || outcome == Reply.Outcome.PREMATURE_EXIT && !tampered && !byItself;
        return new Reply(outcome, List.of(), thrown, List.copyOf(cases), lane, !doubtful && !prepared.chance(), doubtful,
                countedFuel ? fuel : Reply.UNKNOWN, Reply.Times.NONE, "");
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
