package javabox.judge.run;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A JVM that runs programs, with its pipes: how it is started, in which environment, and how it is ended. */
public final class ProgramJvm {
    /**
     * A runtime image made by jlink: what programs may use of the JDK and the module that runs them, which so
     * needs no module path (10 ms a JVM). Tools, agents and sun.misc.Unsafe are not in it.
     */
    private static final String IMAGE = System.getProperty("javabox.image");

    /** Starts a JVM of the image; another than its own where no program may read it (engines/restricted). */
    private static final String LAUNCHER = System.getProperty("javabox.launcher", IMAGE + "/bin/java");

    /**
     * Methods that read the salt which Pin sets. The JVM's own start compiles them, now and then, with the salt
     * that it was born with, so they are never compiled; nothing else is slower for it.
     */
    private static final List<String> SALTED = List.of("$SetN$SetNIterator.*", "$MapN$MapNIterator.*", "$Set12$1.*",
            "$Set12.toArray", "$SetN.toArray", "$Set12.iterator");

    /**
     * What is a lane's own.
     *
     * @param runner the main class
     * @param session words of the command line in front of the JVM's own
     * @param arguments words for the main class
     * @param errors where what the command writes to stderr goes
     * @param buffer bytes of a pipe's buffer on this side
     */
    record Kind(String runner, List<String> session, List<String> flags, List<String> arguments,
                ProcessBuilder.Redirect errors, int buffer) {}

    final Process process;
    final int megabytes;
    final DataOutputStream out;
    final DataInputStream in;
    private final Groups groups;

    private ProgramJvm(Process process, int megabytes, int buffer, Groups groups) {
        this.process = process;
        this.megabytes = megabytes;
        this.groups = groups;
        out = new DataOutputStream(new BufferedOutputStream(process.getOutputStream(), buffer));
        in = new DataInputStream(new BufferedInputStream(process.getInputStream(), buffer));
    }

    static ProgramJvm start(Kind kind, int megabytes, Controls controls) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command(kind, megabytes, controls.pinned()));
        builder.environment().clear();
        builder.environment().putAll(Map.of("PATH", "/usr/bin:/bin", "LANG", "C.UTF-8", "MALLOC_ARENA_MAX", "2"));
        builder.redirectError(kind.errors);
        Process process = builder.start();
        controls.groups().add(process);
        return new ProgramJvm(process, megabytes, kind.buffer, controls.groups());
    }

    private static List<String> command(Kind kind, int megabytes, boolean pinned) {
        List<String> command = new ArrayList<>(kind.session);
        command.addAll(List.of(LAUNCHER, "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:CICompilerCount=1",
                "-XX:-UsePerfData", "-XX:+DisableAttachMechanism", "-XX:+SuppressFatalErrorMessage", "-Xshare:auto",
                "-XX:SharedArchiveFile=" + IMAGE + "/program.jsa", "-Xlog:disable",
                // At the address that it was made for: else each JVM relocates all of it, 4 ms.
                "-XX:+UnlockDiagnosticVMOptions", "-XX:ArchiveRelocationMode=0",
                // A trace that C1 or C2 leaves out would be a line that is there or not by chance.
                "-XX:-OmitStackTraceInFastThrow", "-Xmx" + megabytes + "m", Scratch.flag(),
                "--add-exports=java.base/jdk.internal.misc=javabox.program"));
        command.addAll(kind.flags);
        if (pinned) {
            // Identity hash codes are one number: what asks for them is ordered by insertion then (meter/Rewriter
            // gives the program's own objects numbers of their own).
            command.addAll(List.of("-XX:+UnlockExperimentalVMOptions", "-XX:hashCode=2", "-XX:ActiveProcessorCount=1",
                    "-Duser.language=en", "-Duser.country=US", "-Duser.timezone=UTC", "-Dline.separator=\n",
                    "-Dfile.encoding=UTF-8", "--add-opens=java.base/java.util=javabox.program",
                    "--add-opens=java.base/java.lang=javabox.program", "-XX:CompileCommand=quiet"));
            for (String method : SALTED) {
                command.add("-XX:CompileCommand=exclude,java/util/ImmutableCollections" + method);
                command.add("-XX:CompileCommand=dontinline,java/util/ImmutableCollections" + method);
            }
        }
        command.addAll(List.of("-m", "javabox.program/javabox.program." + kind.runner));
        command.addAll(kind.arguments);
        if (pinned) {
            command.add("pinned");
        }
        return command;
    }

    /** Kills its process group. */
    void kill() {
        groups.kill(process);
    }

    /** Says that it has ended: its group belongs to no running program any more. */
    void forget() {
        groups.remove(process);
    }

    /** Kills it, for good. */
    void end() {
        kill();
        forget();
    }
}
