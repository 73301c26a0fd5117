package javabox.judge.meter;

import java.util.Collection;
import java.util.List;
import javabox.program.Program;
import org.objectweb.asm.ClassReader;
import org.objectweb.asm.ClassVisitor;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;

/**
 * Finds the class that is called: that of the cases; else the tests' {@code Main}, or the first of theirs with a main;
 * else, where the tests are in the program's file, the same of the program's.
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
        for (String wanted : List.of(Program.TESTS, MAIN, Program.RENAMED + MAIN)) {
            for (ClassReader reader : readers) {
                String simple = reader.getClassName().substring(reader.getClassName().lastIndexOf('/') + 1);
                if (simple.equals(wanted) && (wanted.equals(Program.TESTS) || hasMain(reader))) {
                    return reader.getClassName().replace('/', '.');
                }
            }
        }
        return readers.stream().filter(Entry::hasMain).findFirst()
                .map(reader -> reader.getClassName().replace('/', '.')).orElse(null);
    }

    private static boolean hasMain(ClassReader reader) {
        boolean[] found = new boolean[1];
        reader.accept(new ClassVisitor(Opcodes.ASM9) {
            @Override
            public MethodVisitor visitMethod(int access, String name, String descriptor, String signature,
                    String[] exceptions) {
                found[0] |= name.equals("main") && descriptor.equals("([Ljava/lang/String;)V")
                        && (access & Opcodes.ACC_STATIC) != 0;
                return null;
            }
        }, ClassReader.SKIP_CODE | ClassReader.SKIP_DEBUG | ClassReader.SKIP_FRAMES);
        return found[0];
    }
}
