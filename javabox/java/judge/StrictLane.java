package javabox.judge;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * The strict lane's outside: starts a fresh JVM for one program and holds the conversation with it.
 *
 * <p>The JVM is a session of its own and is killed as a group: at the wall limit from here, at its end by the
 * shell that it runs under. Groups says what becomes of a process that leaves the session.
 */
final class StrictLane {
    private static final List<String> SESSION = List.of("setsid", "sh", "-c",
            "\"$@\" 2>/dev/null; echo $? >&2; kill -9 0", "sh");
    /** The shell's number for an end by signal 1 and up. */
    private static final int SIGNALLED = 129;
    private static final int STATUS_MILLIS = 300;
    /** Most programs end before compiling their start-up code has paid off: 12 % less CPU a program. */
    private static final List<String> FLAGS = List.of("-XX:CompileThresholdScaling=10");

    private final Watchdog watchdog;
    private final Groups groups;
    private final Requests requests;
    private final boolean pinned;

    StrictLane(Watchdog watchdog, Groups groups, Requests requests, boolean pinned) {
        this.watchdog = watchdog;
        this.groups = groups;
        this.requests = requests;
        this.pinned = pinned;
    }

    Reply run(Job job, Rewriter.Prepared prepared, Expected.Value[] expected) {
        Process process;
        try {
            process = ProgramJvm.start("StrictRunner", job.limits().memoryMegabytes(), pinned, SESSION, FLAGS,
                    List.of(), ProcessBuilder.Redirect.PIPE);
        } catch (IOException e) {
            return Reply.trouble(Reply.Outcome.JUDGE_ERROR, "no JVM could be started: " + e.getMessage());
        }
        groups.add(process);
        requests.running(job, () -> groups.kill(process));
        Patience patience = new Patience(process, job.limits(), prepared.files(), watchdog,
                () -> groups.kill(process));
        Protocol protocol = new Protocol(job, prepared, expected);
        boolean byItself = true;
        try {
            protocol.send(new DataOutputStream(new BufferedOutputStream(process.getOutputStream(), 1 << 14)));
            protocol.receive(new DataInputStream(new BufferedInputStream(process.getInputStream(), 1 << 13)));
            byItself = protocol.complete() || patience.late() || endedByItself(process);
        } catch (IOException e) {
            return Reply.trouble(Reply.Outcome.JUDGE_ERROR, "the JVM of a program did not start: " + e.getMessage());
        } finally {
            patience.over();
            end(process, protocol.complete());
            groups.remove(process);
        }
        return protocol.reply(Reply.STRICT, patience, byItself);
    }

    /** Whether the shell says so, and soon: a program may have closed its output and go on. */
    private boolean endedByItself(Process process) {
        Watchdog.Alarm alarm = watchdog.in(STATUS_MILLIS, () -> groups.kill(process));
        try {
            String status = process.errorReader().readLine();
            return status != null && Integer.parseInt(status) < SIGNALLED;
        } catch (IOException | NumberFormatException e) {
            return false;
        } finally {
            alarm.callOff();
        }
    }

    private void end(Process process, boolean byItself) {
        try {
            if (byItself) {
                process.getOutputStream().close(); // on which the runner halts
            }
            if (!byItself || !process.waitFor(2, TimeUnit.SECONDS)) {
                groups.kill(process);
            }
        } catch (IOException e) {
            groups.kill(process);
        } catch (InterruptedException e) {
            groups.kill(process);
            Thread.currentThread().interrupt();
        }
    }
}
