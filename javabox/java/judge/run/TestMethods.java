package javabox.judge.run;

import java.io.DataInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import javabox.judge.protocol.Reply;
import javabox.program.Frames;
import javabox.program.Text;

/**
 * The test methods that JUnit found, and what becomes of them.
 *
 * @param names those known before any ran; one that makes several tests is one
 */
record TestMethods(List<String> names) {
    static final TestMethods NONE = new TestMethods(List.of());
    static final String NO_TEST = "no test method ran";
    /** Which invocation a name is of. */
    private static final String INVOCATION = "(\\[.*|#\\d+)$";

    static TestMethods read(DataInputStream in) throws IOException {
        List<String> names = new ArrayList<>();
        for (int left = in.readInt(); left > 0; left--) {
            names.add(Text.read(in));
        }
        return new TestMethods(names);
    }

    /** Of one that did not fail: it passed, was left out, or took all memory. */
    static Reply.CaseResult result(byte status, String name, BitSet lines, DataInputStream in) throws IOException {
        return switch (status) {
            case Frames.SUCCEEDED -> Reply.CaseResult.of(Reply.Outcome.PASSED, lines).named(name);
            case Frames.MEMORY -> Reply.CaseResult.of(Reply.Outcome.MEMORY_LIMIT, lines).named(name);
            default -> new Reply.CaseResult(Reply.Outcome.UNTESTED, null, lines, Text.capped(Text.read(in)), 0, name);
        };
    }

    static boolean nonePassed(List<Reply.CaseResult> cases) {
        return cases.stream().noneMatch(c -> c.outcome() == Reply.Outcome.PASSED);
    }

    /** What JUnit did not come to ends as all does: no early end leaves alone what passed before it. */
    List<Reply.CaseResult> missing(List<Reply.CaseResult> cases, Reply.Outcome outcome) {
        Set<String> seen = new HashSet<>();
        cases.forEach(c -> seen.add(c.name().replaceFirst(INVOCATION, "")));
        List<String> left = names.stream().filter(name -> !seen.contains(name)).toList();
        return (left.isEmpty() ? List.of("JUnit") : left).stream()
                .map(name -> Reply.CaseResult.of(outcome, new BitSet()).named(name)).toList();
    }
}
