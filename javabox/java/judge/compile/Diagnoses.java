package javabox.judge.compile;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javabox.judge.protocol.Job;
import javabox.judge.protocol.Place;
import javabox.judge.protocol.Reply;
import javabox.program.Text;
import javax.tools.Diagnostic;
import javax.tools.JavaFileObject;

/** The errors of a compilation as a reply has them, with their places in the completion. */
public final class Diagnoses {
    private static final Pattern MISSING = Pattern.compile("symbol:\\s+(?:class|variable)\\s+([A-Z]\\w*)");

    private Diagnoses() {}

    /**
     * What is wrong with the program, as if it had been compiled alone: javac takes it before its tests, and
     * nothing in them changes what it says. Only where the program by itself is right, what is wrong with the tests.
     */
    public static List<Reply.Diagnosis> of(Job job, Compiler.Result compiled) {
        List<Diagnostic<? extends JavaFileObject>> own = compiled.errors().stream()
                .filter(error -> unit(error) != null && unit(error).ofProgram()).toList();
        List<Reply.Diagnosis> diagnoses = new ArrayList<>();
        Set<String> hints = new HashSet<>(); // each said once
        Place place = Place.of(job);
        for (Diagnostic<? extends JavaFileObject> error : own.isEmpty() ? compiled.errors() : own) {
            Sources.Unit unit = unit(error);
            String file = unit == null ? null : unit.path();
            boolean placed = unit != null && unit.ofProgram() && file == null;
            long position = placed ? error.getPosition() : Diagnostic.NOPOS;
            String needed = NewerJava.hint(error);
            String message = Text.capped(error.getMessage(null) + (own.isEmpty() ? hint(job, error.getMessage(null)) : ""))
                    + (needed == null || !hints.add(needed) ? "" : "\n  " + needed);
            diagnoses.add(new Reply.Diagnosis(error.getCode(), place.lineAt(position), place.columnAt(position),
                    place.position(position), message, file == null ? null : file + ":" + error.getLineNumber()));
        }
        return diagnoses;
    }

    /** What to do where the tests name a class that the program calls otherwise. */
    private static String hint(Job job, String message) {
        Matcher missing = MISSING.matcher(message);
        Set<String> declared = Imports.declared(job.source());
        if (!missing.find() || declared.isEmpty() || declared.contains(missing.group(1))) {
            return "";
        }
        return "\n  hint: the tests name " + missing.group(1) + "; the program declares " + String.join(", ", declared)
                + ": a class keeps the name that the prompt gives it";
    }

    /** What is said of a program whose compilation was given up. */
    public static List<Reply.Diagnosis> gaveUp(String reason) {
        Refusal refusal = Refusal.gaveUp(reason);
        return List.of(new Reply.Diagnosis(refusal.code(), -1, -1, -1, refusal.message(), null));
    }

    /** The file of an error; null where it has none. */
    private static Sources.Unit unit(Diagnostic<? extends JavaFileObject> error) {
        return error.getSource() instanceof Sources.Unit unit ? unit : null;
    }
}
