package javabox.judge.run;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import javabox.judge.meter.Rewriter;
import javabox.judge.protocol.Job;
import javabox.judge.protocol.Reply;
import javabox.judge.value.Outputs;
import javabox.program.Text;

/**
 * A suite of standard input in one lane: the program runs once a case, each time from the start, and what it printed is
 * compared here. A run that meets a limit or crashes is the last one; the cases behind it have its outcome.
 */
public final class StdinRuns {
    private static final Set<Reply.Outcome> LAST = Set.of(Reply.Outcome.TIME_LIMIT, Reply.Outcome.MEMORY_LIMIT,
            Reply.Outcome.OUTPUT_LIMIT, Reply.Outcome.PREMATURE_EXIT);

    private final Job job;
    private final Rewriter.Prepared prepared;
    private final Map<String, Rewriter.Prepared> checkers;
    private final CheckerLane checking;
    private final Scratch scratch;
    private final List<Reply.CaseResult> cases = new ArrayList<>();
    private Reply.Outcome outcome = Reply.Outcome.PASSED;
    private Reply.Thrown thrown;
    private boolean deterministic = true;
    private boolean doubtful;
    private long fuel;
    private String detail = "";

    /**
     * @param checkers by their source, what became of the suite's
     * @param scratch the folder that the program has alone, if it may write files; else null
     */
    public StdinRuns(Job job, Rewriter.Prepared prepared, Map<String, Rewriter.Prepared> checkers, CheckerLane checking,
            Scratch scratch) {
        this.job = job;
        this.prepared = prepared;
        this.checkers = checkers;
        this.checking = checking;
        this.scratch = scratch;
    }

    /** @return null where the lane can't judge it; what says nothing of the program (a judge_error) as it came */
    public Reply run(Function<Conversation, Reply> lane, String name, Requests requests) {
        for (Job.StdinCase test : job.suite().stdin()) {
            if (requests.cancelled(job)) {
                return Reply.cancelled();
            }
            Conversation conversation = Conversation.of(job, prepared, test.input());
            Reply reply = lane.apply(conversation);
            if (reply == null || reply.outcome() == Reply.Outcome.JUDGE_ERROR) {
                return reply;
            }
            Reply trouble = take(reply, test, conversation.printed());
            if (trouble != null) {
                return trouble;
            }
            if (scratch != null && !scratch.clear()) {
                outcome = Reply.Outcome.PREMATURE_EXIT;
                detail = "its files can't be deleted";
            }
            if (LAST.contains(outcome)) {
                break;
            }
        }
        while (cases.size() < job.suite().count()) {
            cases.add(Reply.CaseResult.of(outcome, new BitSet()));
        }
        return new Reply(outcome, List.of(), thrown, List.copyOf(cases), name, deterministic, doubtful, fuel,
                Reply.Times.NONE, detail);
    }

    /** @return what says nothing of the program, else null */
    private Reply take(Reply reply, Job.StdinCase test, byte[] printed) {
        Reply.CaseResult result = reply.cases().get(0);
        if (result.outcome() == Reply.Outcome.PASSED) {
            boolean decided = test.compare() == Job.Compare.CHECKER;
            Reply checked = decided ? ask(test, printed) : null;
            if (checked != null && checked.outcome() == Reply.Outcome.JUDGE_ERROR) {
                return checked;
            }
            boolean right = decided ? checked.outcome() == Reply.Outcome.PASSED
                    : test.expected().isEmpty() || Outputs.right(printed, test);
            result = new Reply.CaseResult(right ? Reply.Outcome.PASSED : Reply.Outcome.FAILED, null, result.lines(),
                    right ? null : shown(printed), 0, null);
            // A wrong answer is less than an exception, and is counted where nothing worse has been.
            outcome = right || outcome != Reply.Outcome.PASSED ? outcome : Reply.Outcome.FAILED;
        } else if (outcome != Reply.Outcome.RUNTIME_ERROR || LAST.contains(reply.outcome())) {
            outcome = reply.outcome();
        }
        if (test.expected().isEmpty() && test.checker() == null) {
            result = new Reply.CaseResult(result.outcome(), Outputs.text(printed), result.lines(), result.shown(), 0,
                    null);
        }
        cases.add(result);
        thrown = thrown == null ? reply.thrown() : thrown;
        deterministic &= reply.deterministic();
        doubtful |= reply.doubtful();
        fuel = fuel == Reply.UNKNOWN || reply.fuel() == Reply.UNKNOWN ? Reply.UNKNOWN : fuel + reply.fuel();
        return null;
    }

    private static String shown(byte[] printed) {
        return Text.capped(Outputs.text(printed.length > 4 * Text.LIMIT ? java.util.Arrays.copyOf(printed, 4 * Text.LIMIT)
                : printed));
    }

    /** Whether a checker says yes: PASSED or FAILED, or a JUDGE_ERROR. */
    private Reply ask(Job.StdinCase test, byte[] printed) {
        byte[] expected = test.expected().isEmpty() ? new byte[0] : test.expected().get(0);
        Conversation conversation = Conversation.of(job, checkers.get(test.checker()),
                texts(test.input(), printed, expected));
        Reply reply = checking.run(conversation);
        if (reply.outcome() == Reply.Outcome.JUDGE_ERROR) {
            return reply;
        }
        deterministic &= reply.deterministic();
        doubtful |= reply.doubtful();
        if (reply.outcome() != Reply.Outcome.PASSED) {
            String why = reply.thrown() == null ? "" : " (" + reply.thrown().type() + ")";
            detail = "the checker of case " + test.name() + " ended with " + reply.outcome().name().toLowerCase() + why
                    + ", so the output is wrong";
        }
        boolean right = reply.outcome() == Reply.Outcome.PASSED
                && new String(conversation.printed(), StandardCharsets.UTF_8).endsWith("\ntrue\n");
        return right ? Reply.compiled() : Reply.trouble(Reply.Outcome.FAILED, "");
    }

    private static byte[] texts(byte[]... texts) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        try {
            for (byte[] text : texts) {
                out.writeInt(text.length);
                out.write(text);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e); // it is in memory
        }
        return bytes.toByteArray();
    }
}
