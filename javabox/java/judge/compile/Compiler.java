package javabox.judge.compile;

import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.util.JavacTask;
import com.sun.tools.javac.api.JavacTaskPool;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import javabox.judge.meter.Jars;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.FileObject;
import javax.tools.ForwardingJavaFileManager;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileManager;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.StandardLocation;
import javax.tools.ToolProvider;

/**
 * javac, warm, in memory. One instance a thread: a StandardJavaFileManager is not safe to share.
 *
 * <p>Answers come from a pooled context (a millisecond or two). Its traps, and what is done about them: a context
 * given a new file manager yields no classes, silently, so there is one file manager a class path and its sink is swapped; a
 * package that
 * one source declares changes what is said of the next one, so whatever may declare one (or a module) is compiled
 * in a fresh context and the pool never sees it; a nested class stays, so {@link DeclaredClasses} takes it out. So
 * acceptance and errors do not depend on what was compiled before
 * (tests/javabox/verdicts/test_compiler.py), and a context is kept after errors: dropping it
 * would make every third of a weak model's programs start cold.
 *
 * <p>Not covered: running out of memory (the error passes through: another thread may have caused it), and ending a
 * compilation that never ends (judge/Worker watches for that).
 */
public final class Compiler {
    /**
     * Bytes by class name, or the errors; never both, and never neither.
     *
     * @param program the names of the classes that come from the program's own files
     */
    public record Result(Map<String, byte[]> classes, Set<String> program,
                  List<Diagnostic<? extends JavaFileObject>> errors) {
        public boolean ok() {
            return errors.isEmpty();
        }

        /** The same, but that it does not do. */
        Result refused(Refusal refusal) {
            return new Result(Map.of(), Set.of(), List.of(refusal));
        }

        /** The same with other classes as the program's own. */
        Result with(Set<String> ofProgram) {
            return new Result(classes, ofProgram, errors);
        }
    }

    private static final List<String> OPTIONS = List.of(
            "-proc:none", "-Xlint:none", "-nowarn", "-implicit:none",
            // As javac has it by itself: what an exception says of null would name variables otherwise (JEP 358).
            "-g:source,lines", "-Xmaxerrs", "20",
            // Concatenation without invokedynamic: linking it costs each fresh JVM about 10 ms.
            "-XDstringConcat=inline");
    /** A context grows with what it has seen; the pool evicts it by itself only after errors. */
    private static final int COMPILATIONS_A_POOL = 1000;

    private final JavaCompiler javac = ToolProvider.getSystemJavaCompiler();
    private final Map<List<Path>, Desk> desks = new HashMap<>();

    /** One class path, with the file manager and the pool that belong to it. */
    private final class Desk {
        final Memory memory;
        JavacTaskPool pool = new JavacTaskPool(1);
        int pooled;

        Desk(List<Path> classPath) {
            StandardJavaFileManager standard = javac.getStandardFileManager(null, Locale.ENGLISH, StandardCharsets.UTF_8);
            memory = new Memory(standard);
            try {
                standard.setLocationFromPaths(StandardLocation.CLASS_PATH, classPath);
                standard.setLocation(StandardLocation.SOURCE_PATH, List.of());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        void anew() {
            pool = new JavacTaskPool(1);
            pooled = 0;
        }
    }

    private Desk desk(List<Sources.Unit> units) {
        boolean junit = units.stream().anyMatch(Sources.Unit::junit);
        return desks.computeIfAbsent(Jars.GIVEN.of(units.stream().map(Sources.Unit::text), junit), Desk::new);
    }

    /** Whether a package or a module may be declared there, in escaped letters too. */
    static boolean mayDeclare(Sources.Unit unit) {
        return unit.text().contains("package") || unit.text().contains("module") || unit.text().contains("\\u");
    }

    public Result compile(List<Sources.Unit> units) {
        return compile(units, null);
    }

    /** @param listener told of what is parsed; may be null */
    Result compile(List<Sources.Unit> units, SharedFile listener) {
        Desk desk = desk(units);
        if (units.stream().noneMatch(Compiler::mayDeclare)) {
            try {
                Result result = inPool(desk, units, listener);
                if (result.ok() != result.classes.isEmpty() && !brokenOff(result)) {
                    return result;
                }
                desk.anew();
            } catch (RuntimeException | StackOverflowError | AssertionError e) {
                desk.anew(); // javac's own trouble on a hostile source
            }
        }
        return fresh(desk, units, listener);
    }

    /** The top-level types of a source that is not compiled. */
    List<SharedFile.Type> types(Sources.Unit unit) {
        SharedFile parsed = new SharedFile(unit);
        parse(unit, parsed::listenTo);
        return parsed.types();
    }

    /** What a source declares. */
    Outline outline(Sources.Unit unit) {
        for (CompilationUnitTree parsed : parse(unit, task -> { })) {
            return Outline.of(parsed);
        }
        return new Outline("", List.of());
    }

    private Iterable<? extends CompilationUnitTree> parse(Sources.Unit unit, Consumer<JavacTask> listener) {
        JavacTask task = (JavacTask) javac.getTask(new StringWriter(), desk(List.of(unit)).memory,
                new DiagnosticCollector<>(), OPTIONS, null, List.of(unit));
        listener.accept(task);
        try {
            return task.parse();
        } catch (IOException e) {
            throw new UncheckedIOException(e); // it is in memory
        } catch (RuntimeException | StackOverflowError | AssertionError e) {
            return List.of(); // javac's own trouble on a hostile source; compiling it says so
        }
    }

    /** What is too large for a class file stays in javac's writer, and would be written into the next class. */
    private static boolean brokenOff(Result result) {
        return result.errors.stream().anyMatch(error -> error.getCode().startsWith("compiler.err.limit"));
    }

    private Result inPool(Desk desk, List<Sources.Unit> units, SharedFile listener) {
        if (++desk.pooled > COMPILATIONS_A_POOL) {
            desk.anew();
        }
        DiagnosticCollector<JavaFileObject> collector = new DiagnosticCollector<>();
        desk.memory.clear();
        boolean ok = desk.pool.getTask(new StringWriter(), desk.memory, collector, OPTIONS, null, units, task -> {
            if (listener != null) {
                listener.listenTo((JavacTask) task);
            }
            if (units.stream().noneMatch(DeclaredClasses::mayStay)) {
                return task.call();
            }
            DeclaredClasses declared = new DeclaredClasses((JavacTask) task);
            boolean compiled = task.call();
            declared.forget();
            return compiled;
        });
        return result(desk.memory, ok, collector);
    }

    private Result fresh(Desk desk, List<Sources.Unit> units, SharedFile listener) {
        DiagnosticCollector<JavaFileObject> collector = new DiagnosticCollector<>();
        desk.memory.clear();
        StringWriter log = new StringWriter();
        try {
            JavacTask task = (JavacTask) javac.getTask(log, desk.memory, collector, OPTIONS, null, units);
            if (listener != null) {
                listener.listenTo(task);
            }
            boolean ok = task.call();
            Result result = result(desk.memory, ok, collector);
            if (ok || !result.errors.isEmpty()) {
                return result;
            }
        } catch (RuntimeException | StackOverflowError | AssertionError e) {
            log.write(e.toString());
        }
        // javac gave up (too deep, too large, a bug of its own) without naming an error.
        String reason = log.toString().strip().lines().findFirst().orElse("no reason");
        return new Result(Map.of(), Set.of(), List.of(Refusal.gaveUp(reason)));
    }

    private static Result result(Memory memory, boolean ok, DiagnosticCollector<JavaFileObject> collector) {
        List<Diagnostic<? extends JavaFileObject>> errors = new ArrayList<>();
        if (!ok) {
            for (Diagnostic<? extends JavaFileObject> diagnostic : collector.getDiagnostics()) {
                if (diagnostic.getKind() == Diagnostic.Kind.ERROR) {
                    errors.add(diagnostic);
                }
            }
        }
        return new Result(ok ? memory.classes : Map.of(), memory.program, errors);
    }

    /** Class files go into a map; everything else is the standard manager's. */
    private static final class Memory extends ForwardingJavaFileManager<StandardJavaFileManager> {
        /** In the order in which javac writes them, which is the sources'. */
        private Map<String, byte[]> classes = new LinkedHashMap<>();
        private Set<String> program = new HashSet<>();

        void clear() {
            classes = new LinkedHashMap<>();
            program = new HashSet<>();
        }

        Memory(StandardJavaFileManager standard) {
            super(standard);
        }

        @Override
        public JavaFileObject getJavaFileForOutput(JavaFileManager.Location location, String className,
                JavaFileObject.Kind kind, FileObject sibling) {
            Map<String, byte[]> sink = classes;
            if (sibling instanceof Sources.Unit unit && unit.ofProgram()) {
                program.add(className);
            }
            URI uri = URI.create("memory:///" + className.replace('.', '/').replaceAll("[^A-Za-z0-9_$/]", "_") + ".class");
            return new SimpleJavaFileObject(uri, kind) {
                @Override
                public OutputStream openOutputStream() {
                    return new ByteArrayOutputStream(2048) {
                        @Override
                        public void close() {
                            sink.put(className, toByteArray());
                        }
                    };
                }
            };
        }

        /** Of our own jar, which is there for its tuples, nothing else is to be seen. */
        @Override
        public Iterable<JavaFileObject> list(Location location, String packageName, Set<JavaFileObject.Kind> kinds,
                boolean recurse) throws IOException {
            boolean own = location == StandardLocation.CLASS_PATH && packageName.startsWith("javabox");
            return own ? List.of() : super.list(location, packageName, kinds, recurse);
        }

        @Override
        public boolean isSameFile(FileObject a, FileObject b) {
            return a == b;
        }
    }
}
