package javabox.judge.value;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import javabox.judge.compile.Build;
import javabox.judge.compile.Compiler;
import javabox.judge.meter.Rewriter;
import javabox.judge.protocol.Job;

/** The checkers of suites of standard input, compiled once: by their source, what can run. */
public final class Checkers {
    private static final int KEPT = 256;

    private final Build build;
    private final Map<String, Rewriter.Prepared> kept = new LinkedHashMap<>(KEPT, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Rewriter.Prepared> eldest) {
            return size() > KEPT;
        }
    };

    public Checkers(Build build) {
        this.build = build;
    }

    /** Those of one suite. */
    public Map<String, Rewriter.Prepared> of(Job.Suite suite, Compiler compiler) throws Expected.Broken {
        Map<String, Rewriter.Prepared> checkers = new HashMap<>();
        for (Job.StdinCase test : suite.stdin()) {
            if (test.checker() != null && !checkers.containsKey(test.checker())) {
                checkers.put(test.checker(), of(test, compiler));
            }
        }
        return checkers;
    }

    private Rewriter.Prepared of(Job.StdinCase test, Compiler compiler) throws Expected.Broken {
        synchronized (kept) {
            Rewriter.Prepared known = kept.get(test.checker());
            if (known != null) {
                return known;
            }
        }
        Build.Built built = build.checker(test.checker(), compiler);
        if (!built.compiled().ok()) {
            throw new Expected.Broken("the checker of case " + test.name() + " does not compile: "
                    + built.compiled().errors().get(0).getMessage(null));
        }
        synchronized (kept) {
            kept.put(test.checker(), built.prepared());
        }
        return built.prepared();
    }
}
