package javabox.judge.meter;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import javabox.program.Program;
import org.objectweb.asm.ClassReader;
import org.objectweb.asm.ClassVisitor;
import org.objectweb.asm.Label;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;

/**
 * Finds the class that a program starts in. Whose main runs: the only top-level class that declares {@code public static void main(String[])};
 * of several the one named Main, else the first public one, else the first.
 *
 * <p>Not covered: a main that is inherited (the class that declares it is the one), and those without {@code static} or
 * parameters, of JDK 25.
 */
public final class EntryClass extends ClassVisitor {
    private static final String TEXT = "Ljava/lang/String;";

    private final String method;
    private final String descriptor;
    private final int called;
    private boolean nested;
    private boolean open;
    private boolean has;
    private int line = Integer.MAX_VALUE;
    private String name;

    private EntryClass(String method, String descriptor, int called) {
        super(Opcodes.ASM9);
        this.method = method;
        this.descriptor = descriptor;
        this.called = called;
    }

    /** @return the name, as class loaders have it, of the class whose main runs; null where there is none */
    static String main(Collection<ClassReader> program) {
        return find(program, "main", "([" + TEXT + ")V", Opcodes.ACC_PUBLIC | Opcodes.ACC_STATIC);
    }

    /** The same of a checker's class, which has {@code static boolean check(String, String, String)}. */
    public static String check(Collection<ClassReader> checker) {
        return find(checker, "check", "(" + TEXT + TEXT + TEXT + ")Z", Opcodes.ACC_STATIC);
    }

    private static String find(Collection<ClassReader> program, String method, String descriptor, int called) {
        List<EntryClass> found = program.stream().map(reader -> read(reader, new EntryClass(method, descriptor, called)))
                .filter(type -> type.has && !type.nested).toList();
        Comparator<EntryClass> order = Comparator.comparing((EntryClass type) -> !type.simpleName().equals("Main"))
                .thenComparing(type -> !type.open).thenComparing(type -> type.line).thenComparing(type -> type.name);
        return found.stream().min(order).map(type -> type.name.replace('/', '.')).orElse(null);
    }

    private static EntryClass read(ClassReader reader, EntryClass type) {
        reader.accept(type, ClassReader.SKIP_FRAMES);
        return type;
    }

    private String simpleName() {
        return name.substring(name.lastIndexOf('/') + 1).replace(Program.RENAMED, "");
    }

    @Override
    public void visit(int version, int access, String name, String signature, String superName, String[] interfaces) {
        this.name = name;
        open = (access & Opcodes.ACC_PUBLIC) != 0;
    }

    @Override
    public void visitInnerClass(String inner, String outer, String simple, int access) {
        nested |= inner.equals(name);
    }

    @Override
    public MethodVisitor visitMethod(int access, String name, String type, String signature, String[] thrown) {
        if (!name.equals(method) || !type.equals(descriptor) || (access & called) != called) {
            return null;
        }
        has = true;
        return new MethodVisitor(Opcodes.ASM9) {
            @Override
            public void visitLineNumber(int number, Label start) {
                line = Math.min(line, number);
            }
        };
    }
}
