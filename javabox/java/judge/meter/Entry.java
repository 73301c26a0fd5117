package javabox.judge.meter;

import java.util.Collection;
import javabox.program.Program;
import org.objectweb.asm.ClassReader;

/**
 * Finds the class that a suite calls: that of its cases; else the tests' with a main ({@link EntryClass}), or their
 * {@code Main}; else, where the tests are in the program's file, the same of the program's.
 */
final class Entry {
    /** What a test program's class is called where nothing else is found. */
    static final String MAIN = "Main";

    private Entry() {}

    static String of(ClassFiles classes) {
        String found = among(classes.tests().values());
        if (found == null) {
            found = among(classes.program().values());
        }
        return found == null ? MAIN : found;
    }

    private static String among(Collection<ClassReader> readers) {
        String cases = named(readers, Program.TESTS);
        String main = cases == null ? EntryClass.main(readers) : cases;
        return main == null ? named(readers, MAIN) : main;
    }

    private static String named(Collection<ClassReader> readers, String simple) {
        return readers.stream().map(reader -> reader.getClassName().replace('/', '.'))
                .filter(name -> name.substring(name.lastIndexOf('.') + 1).equals(simple)).findFirst().orElse(null);
    }
}
