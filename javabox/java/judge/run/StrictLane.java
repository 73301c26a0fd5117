package javabox.judge.run;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javabox.judge.protocol.Job;
import javabox.judge.protocol.Reply;

/**
 * The strict lane's outside: starts a fresh JVM for one program and holds the conversation with it.
 *
 * <p>The JVM is a session of its own and is killed as a group: at the wall limit from here, at its end by the
 * shell that it runs under. Groups says what becomes of a process that leaves the session.
 */
public final class StrictLane {
    private static final List<String> SESSION = List.of("setsid", "sh", "-c",
            "\"$@\" 2>/dev/null; echo $? >&2; kill -9 0", "sh");
    /** Most programs end before compiling their start-up code has paid off: 12 % less CPU a program. */
    private static final ProgramJvm.Kind FRESH = new ProgramJvm.Kind("StrictRunner", SESSION,
            List.of("-XX:CompileThresholdScaling=10"), List.of(), ProcessBuilder.Redirect.PIPE, 1 << 14);
    private static final int STATUS_MILLIS = 300;

    private final Controls controls;
    private final StrictStdin stdin;

    public StrictLane(Controls controls) {
        this.controls = controls;
        stdin = new StrictStdin(controls);
    }

    public Reply run(Conversation conversation) {
        if (conversation.input() != null) {
            return stdin.run(conversation);
        }
        Job job = conversation.job();
        ProgramJvm jvm;
        try {
            jvm = ProgramJvm.start(FRESH, job.limits().memoryMegabytes(), controls);
        } catch (IOException e) {
            return Reply.trouble(Reply.Outcome.JUDGE_ERROR, "no JVM could be started: " + e.getMessage());
        }
        controls.requests().running(job, jvm::kill);
        Patience patience = new Patience(jvm, job.limits(), conversation.prepared().files(), controls.watchdog());
        boolean byItself = true;
        try {
            conversation.send(jvm.out);
            conversation.receive(jvm.in);
            byItself = conversation.complete() || patience.late() || endedByItself(jvm);
        } catch (IOException e) {
            return Reply.trouble(Reply.Outcome.JUDGE_ERROR, "the JVM of a program did not start: " + e.getMessage());
        } finally {
            patience.over();
            end(jvm, conversation.complete());
        }
        return conversation.reply(Reply.STRICT, patience, byItself);
    }

    /** Whether the shell says so, and soon: a program may have closed its output and go on. */
    private boolean endedByItself(ProgramJvm jvm) {
        Watchdog.Alarm alarm = controls.watchdog().in(STATUS_MILLIS, jvm::kill);
        try {
            String status = jvm.process.errorReader().readLine();
            return status != null && Integer.parseInt(status) < Conversation.SIGNALLED;
        } catch (IOException | NumberFormatException e) {
            return false;
        } finally {
            alarm.callOff();
        }
    }

    private static void end(ProgramJvm jvm, boolean byItself) {
        boolean ended = false;
        try {
            if (byItself) {
                jvm.process.getOutputStream().close(); // on which the runner halts
                ended = jvm.process.waitFor(2, TimeUnit.SECONDS);
            }
        } catch (IOException e) {
            ended = false; // and is killed
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (!ended) {
            jvm.kill();
        }
        jvm.forget();
    }
}
