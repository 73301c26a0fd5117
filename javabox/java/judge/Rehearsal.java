package javabox.judge;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.util.List;
import javabox.judge.compile.Build;
import javabox.judge.compile.Compiler;
import javabox.judge.compile.Diagnoses;
import javabox.judge.protocol.Counters;
import javabox.judge.protocol.Job;
import javabox.judge.protocol.Reply;
import javabox.judge.protocol.Seal;
import javabox.judge.run.Controls;
import javabox.judge.run.Conversation;
import javabox.judge.run.Groups;
import javabox.judge.run.ProgramJvm;
import javabox.judge.run.StdinRuns;
import javabox.judge.run.StrictLane;
import javabox.judge.run.WarmLane;
import javabox.judge.run.Watchdog;
import javabox.judge.value.Expected;
import javabox.judge.value.Outputs;

/**
 * Does once what a supervisor does for its first jobs, so that the JVM can dump an archive of the classes that
 * takes: javac's, mostly. Run once, at build time.
 */
final class Rehearsal {
    private static final String HEAD = "import java.util.*;\nclass S {\n static List<Integer> f(int n) {\n";
    private static final List<String> BODIES = List.of(
            "List<Integer> all = new ArrayList<>(); for (int i = 0; i < n; i++) { if (i % 2 == 0) all.add(i); } return all; } }",
            "Map<Integer, String> seen = new HashMap<>(); try { seen.put(n, \"a\" + n); } catch (RuntimeException e) { throw e; }"
                    + " int[] a = {1}; for (int x : a) { n += x; } return Arrays.asList(n > 1 ? n : 0); } }",
            "return java.util.stream.IntStream.range(0, n).filter(i -> i % 2 == 0).boxed()"
                    + ".collect(java.util.stream.Collectors.toList()); } }",
            "int wrong = \"text\"; return missing; } }", "return n; } ");

    private Rehearsal() {}

    public static void main(String[] args) throws Exception {
        Job.Case test = new Job.Case("0", "List<Integer> x = S.f(3);", "x", "Arrays.asList(0, 2)", "List<Integer>",
                Double.NaN);
        Job.Suite suite = new Job.Suite("import java.util.*;", null, false, false, List.of(test), List.of());
        Job.Limits limits = new Job.Limits(1, 1, 1, 1, 1, 1, 1);
        Compiler compiler = new Compiler();
        Expected.Value[] expected = new Expected().of(suite, compiler);
        Counters counters = new Counters();
        Build build = new Build(true, counters);
        for (String body : BODIES) {
            Job job = new Job(0, HEAD + body, HEAD.length(), -1, List.of(), null, suite, limits, true);
            Build.Built built = build.of(job, compiler);
            Reply reply = built.compiled().ok() ? Reply.compiled()
                    : Reply.compileError(Diagnoses.of(job, built.compiled()), true);
            reply.encode(job, counters.report(false));
            if (built.prepared() != null) {
                Conversation.of(job, built.prepared(), expected).send(new DataOutputStream(new ByteArrayOutputStream()));
            }
        }
        DataOutputStream nowhere = new DataOutputStream(new ByteArrayOutputStream());
        new Seal(new DataInputStream(new ByteArrayInputStream(new byte[64]))).write(nowhere, new byte[1]);
        for (Class<?> used : List.of(Supervisor.class, Runner.class, WarmLane.class, StrictLane.class,
                StdinRuns.class, Outputs.class, Controls.class,
                Watchdog.class, Groups.class, ProgramJvm.class)) {
            Class.forName(used.getName());
            for (Class<?> inner : used.getDeclaredClasses()) {
                Class.forName(inner.getName());
            }
        }
    }
}
