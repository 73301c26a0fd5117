package javabox.judge.compile;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import javabox.judge.protocol.Job;
import javabox.judge.protocol.Place;
import javabox.judge.protocol.Reply;
import javabox.program.Program;
import javabox.program.Text;
import javax.tools.Diagnostic;
import javax.tools.JavaFileObject;

/** The errors of a compilation as a reply has them, with their places in the completion. */
public final class Diagnoses {
    private Diagnoses() {}

    /**
     * What is wrong with the program, as if it had been compiled alone: javac takes it before its tests, and
     * nothing in them changes what it says. Only where the program by itself is right, what is wrong with the tests.
     */
    public static List<Reply.Diagnosis> of(Job job, Compiler.Result compiled) {
        List<Diagnostic<? extends JavaFileObject>> own = compiled.errors().stream().filter(Diagnoses::inProgram).toList();
        List<Reply.Diagnosis> diagnoses = new ArrayList<>();
        Set<String> hints = new HashSet<>(); // each said once
        Place place = Place.of(job);
        for (Diagnostic<? extends JavaFileObject> error : own.isEmpty() ? compiled.errors() : own) {
            long position = inProgram(error) ? error.getPosition() : Diagnostic.NOPOS;
            String hint = NewerJava.hint(error);
            String message = Text.capped(error.getMessage(null)) + (hint == null || !hints.add(hint) ? "" : "\n  " + hint);
            diagnoses.add(new Reply.Diagnosis(error.getCode(), place.lineAt(position), place.columnAt(position),
                    place.position(position), message));
        }
        return diagnoses;
    }

    /** What is said of a program whose compilation was given up. */
    public static List<Reply.Diagnosis> gaveUp(String reason) {
        Refusal refusal = Refusal.gaveUp(reason);
        return List.of(new Reply.Diagnosis(refusal.code(), -1, -1, -1, refusal.message()));
    }

    private static boolean inProgram(Diagnostic<? extends JavaFileObject> error) {
        return error.getSource() != null && error.getSource().getName().endsWith(Program.SOURCE_NAME);
    }
}
