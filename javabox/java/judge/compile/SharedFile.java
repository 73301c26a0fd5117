package javabox.judge.compile;

import com.sun.source.tree.ClassTree;
import com.sun.source.tree.Tree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.SourcePositions;
import com.sun.source.util.TaskEvent;
import com.sun.source.util.TaskListener;
import com.sun.source.util.Trees;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import javabox.judge.protocol.Job;

/**
 * A source file in which the tests follow the program, as mxeval joins them, and what javac found in it.
 *
 * <p>A program may swallow what follows it (an open comment or text block, the character 0x1A, at which javac stops
 * reading) or take it in (a class left open, an annotation or a modifier in front). None of it can be if javac finds
 * the same top-level types at the same places as in the tests alone: from the first token of a type on, it reads
 * what it would read by itself.
 */
final class SharedFile implements TaskListener {
    /** What the tests are called in a source that brings its own main and says nothing of where they begin. */
    private static final String MAIN = "Main";
    private static final int TAILS_KEPT = 1024;
    private static final Map<String, List<Type>> TAILS = LruCache.holding(TAILS_KEPT);

    /** A top-level type and where it begins, its modifiers included. */
    record Type(String name, long start) {}

    private final Sources.Unit file;
    private final List<Type> types = new ArrayList<>();
    private String packageName = "";
    private SourcePositions positions;

    /** @param file the one that is looked at */
    SharedFile(Sources.Unit file) {
        this.file = file;
    }

    void listenTo(JavacTask task) {
        types.clear();
        positions = Trees.instance(task).getSourcePositions();
        task.addTaskListener(this);
    }

    List<Type> types() {
        return List.copyOf(types);
    }

    @Override
    public void finished(TaskEvent event) {
        if (event.getKind() != TaskEvent.Kind.PARSE || !event.getSourceFile().getName().equals(file.getName())) {
            return;
        }
        packageName = Outline.of(event.getCompilationUnit()).packageName();
        for (Tree tree : event.getCompilationUnit().getTypeDecls()) {
            if (tree instanceof ClassTree type) {
                long start = positions.getStartPosition(event.getCompilationUnit(), tree);
                types.add(new Type(type.getSimpleName().toString(), start));
            }
        }
    }

    /** Compiles the job's own file and what is beside it; the classes of its tests are not the program's. */
    static Compiler.Result compile(Units units, Job job, Compiler compiler) {
        SharedFile shared = new SharedFile(units.program());
        Compiler.Result compiled = compiler.compile(units.alone(), shared);
        if (!compiled.ok()) {
            return compiled;
        }
        Set<Type> tests = new HashSet<>();
        if (job.testsStart() < 0) {
            shared.types.stream().filter(type -> type.name.equals(MAIN)).forEach(tests::add);
        } else {
            List<Type> found = shared.types.stream().filter(type -> type.start >= job.testsStart()).toList();
            if (!found.equals(alone(job, compiler))) {
                return compiled.refused(Refusal.swallowed());
            }
            tests.addAll(found);
        }
        Set<String> program = new HashSet<>(compiled.classes().keySet());
        program.removeIf(name -> tests.contains(shared.topLevel(name)));
        return compiled.with(program);
    }

    private static List<Type> alone(Job job, Compiler compiler) {
        Sources.Unit tail = Sources.tail(job);
        return TAILS.computeIfAbsent(tail.text(), text -> compiler.types(tail)).stream()
                .map(type -> new Type(type.name, type.start + job.testsStart())).toList();
    }

    /** The type that a class is or is nested in: names may hold a dollar themselves. */
    private Type topLevel(String className) {
        Type best = null;
        for (Type type : types) {
            String name = Outline.qualified(packageName, type.name);
            boolean within = className.equals(name) || className.startsWith(name + "$");
            if (within && (best == null || type.name.length() > best.name.length())) {
                best = type;
            }
        }
        return best;
    }
}
