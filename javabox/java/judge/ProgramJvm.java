package javabox.judge;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** How a JVM that runs programs is started: its command line and its environment. */
final class ProgramJvm {
    /**
     * A runtime image made by jlink: what programs may use of the JDK and the module that runs them, which so
     * needs no module path (10 ms a JVM). Tools, agents and sun.misc.Unsafe are not in it.
     */
    private static final String IMAGE = System.getProperty("javabox.image");

    /** Starts a JVM of the image; another than its own where no program may read it (restricted.py). */
    private static final String LAUNCHER = System.getProperty("javabox.launcher", IMAGE + "/bin/java");

    /**
     * Methods that read the salt which Pin sets. The JVM's own start compiles them, now and then, with the salt
     * that it was born with, so they are never compiled; nothing else is slower for it.
     */
    private static final List<String> SALTED = List.of("$SetN$SetNIterator.*", "$MapN$MapNIterator.*", "$Set12$1.*",
            "$Set12.toArray", "$SetN.toArray", "$Set12.iterator");

    private ProgramJvm() {}

    /**
     * @param runner the main class
     * @param pinned whether chance is taken out
     * @param before words of the command line in front of the JVM's own
     * @param arguments words for the main class
     * @param errors where what the command writes to stderr goes
     */
    static Process start(String runner, int megabytes, boolean pinned, List<String> before, List<String> flags, List<String> arguments,
            ProcessBuilder.Redirect errors) throws IOException {
        List<String> command = new ArrayList<>(before);
        command.addAll(List.of(LAUNCHER, "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
                "-XX:CICompilerCount=1", "-XX:-UsePerfData", "-XX:+DisableAttachMechanism", "-XX:+SuppressFatalErrorMessage", "-Xshare:auto",
                "-XX:SharedArchiveFile=" + IMAGE + "/program.jsa", "-Xlog:disable",
                // At the address that it was made for: else each JVM relocates all of it, 4 ms.
                "-XX:+UnlockDiagnosticVMOptions", "-XX:ArchiveRelocationMode=0",
                // A trace that C1 or C2 leaves out would be a line that is there or not by chance.
                "-XX:-OmitStackTraceInFastThrow", "-Xmx" + megabytes + "m", Scratch.flag(),
                "--add-exports=java.base/jdk.internal.misc=javabox.program"));
        command.addAll(flags);
        if (pinned) {
            // Identity hash codes are one number: what asks for them is ordered by insertion then (judge/Rewriter
            // gives the program's own objects numbers of their own).
            command.addAll(List.of("-XX:+UnlockExperimentalVMOptions", "-XX:hashCode=2", "-XX:ActiveProcessorCount=1",
                    "-Duser.language=en", "-Duser.country=US", "-Duser.timezone=UTC", "-Dline.separator=\n",
                    "-Dfile.encoding=UTF-8", "--add-opens=java.base/java.util=javabox.program",
                    "--add-opens=java.base/java.lang=javabox.program"));
        }
        if (pinned) {
            command.add("-XX:CompileCommand=quiet");
            for (String method : SALTED) {
                command.add("-XX:CompileCommand=exclude,java/util/ImmutableCollections" + method);
                command.add("-XX:CompileCommand=dontinline,java/util/ImmutableCollections" + method);
            }
        }
        command.addAll(List.of("-m", "javabox.program/javabox.program." + runner));
        command.addAll(arguments);
        if (pinned) {
            command.add("pinned");
        }
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().clear();
        builder.environment().putAll(Map.of("PATH", "/usr/bin:/bin", "LANG", "C.UTF-8", "MALLOC_ARENA_MAX", "2"));
        builder.redirectError(errors);
        return builder.start();
    }
}
