import java.io.ByteArrayInputStream;
import java.io.File;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.StringWriter;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.StandardLocation;
import javax.tools.ToolProvider;
import org.jacoco.core.analysis.Analyzer;
import org.jacoco.core.analysis.CoverageBuilder;
import org.jacoco.core.analysis.ISourceFileCoverage;
import org.jacoco.core.data.ExecutionDataStore;
import org.jacoco.core.data.SessionInfoStore;
import org.jacoco.core.instr.Instrumenter;
import org.jacoco.core.runtime.LoggerRuntime;
import org.jacoco.core.runtime.RuntimeData;

/**
 * Compiles each FOLDER/main.java for Java 11, runs its Main under JaCoCo's instrumentation and prints one line: the
 * folder, then every source line that has code, negative where no instruction of it was covered; or {@code !} and
 * why there are none.
 */
final class JacocoLines {
    public static void main(String[] folders) throws Exception {
        PrintStream out = System.out;
        System.setOut(new PrintStream(OutputStream.nullOutputStream()));
        for (String folder : folders) {
            String answer;
            try {
                answer = lines(Path.of(folder));
            } catch (Throwable e) {
                answer = "! " + String.valueOf(e).lines().findFirst().orElse("");
            }
            out.println(folder + " " + answer);
        }
        out.flush();
        Runtime.getRuntime().halt(0); // whatever threads a program has left behind
    }

    private static String lines(Path folder) throws Exception {
        String errors = compile(folder);
        if (!errors.isEmpty()) {
            return "! javac: " + errors.lines().findFirst().get();
        }
        LoggerRuntime runtime = new LoggerRuntime();
        RuntimeData data = new RuntimeData();
        runtime.startup(data);
        Map<String, byte[]> plain = new HashMap<>();
        Map<String, byte[]> probed = new HashMap<>();
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.filter(f -> f.toString().endsWith(".class")).collect(Collectors.toList())) {
                String name = file.getFileName().toString().replace(".class", "");
                plain.put(name, Files.readAllBytes(file));
                probed.put(name, new Instrumenter(runtime).instrument(plain.get(name), name));
            }
        }
        Loader loader = new Loader(probed);
        Method main = loader.loadClass("Main").getMethod("main", String[].class);
        main.setAccessible(true); // of a class that is not public
        main.invoke(null, (Object) new String[0]);
        ExecutionDataStore executed = new ExecutionDataStore();
        data.collect(executed, new SessionInfoStore(), false);
        runtime.shutdown();
        CoverageBuilder coverage = new CoverageBuilder();
        for (Map.Entry<String, byte[]> type : plain.entrySet()) {
            new Analyzer(executed, coverage).analyzeClass(new ByteArrayInputStream(type.getValue()), type.getKey());
        }
        ISourceFileCoverage file = coverage.getSourceFiles().iterator().next();
        return IntStream.rangeClosed(file.getFirstLine(), file.getLastLine())
                .filter(i -> file.getLine(i).getInstructionCounter().getTotalCount() > 0)
                .map(i -> file.getLine(i).getInstructionCounter().getCoveredCount() > 0 ? i : -i)
                .mapToObj(Integer::toString).collect(Collectors.joining(" "));
    }

    /** @return javac's words, nothing where it accepts */
    private static String compile(Path folder) throws Exception {
        JavaCompiler javac = ToolProvider.getSystemJavaCompiler();
        StringWriter log = new StringWriter();
        try (StandardJavaFileManager files = javac.getStandardFileManager(null, null, null)) {
            files.setLocation(StandardLocation.CLASS_OUTPUT, List.of(folder.toFile()));
            List<String> options = List.of("-g", "-nowarn", "-Xlint:none", "-proc:none", "-encoding", "UTF-8",
                    "--release", "11");
            boolean ok = javac.getTask(log, files, null, options, null,
                    files.getJavaFileObjects(new File(folder.toFile(), "main.java"))).call();
            return ok ? "" : log.toString().strip();
        }
    }

    private static final class Loader extends ClassLoader {
        private final Map<String, byte[]> classes;

        Loader(Map<String, byte[]> classes) {
            super(ClassLoader.getPlatformClassLoader());
            this.classes = classes;
        }

        @Override
        protected Class<?> findClass(String name) throws ClassNotFoundException {
            byte[] bytes = classes.get(name);
            if (bytes == null) {
                throw new ClassNotFoundException(name);
            }
            return defineClass(name, bytes, 0, bytes.length);
        }
    }
}
