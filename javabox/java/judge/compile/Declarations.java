package javabox.judge.compile;

import java.util.Arrays;
import java.util.Collection;
import java.util.TreeMap;
import org.objectweb.asm.ClassReader;
import org.objectweb.asm.ClassVisitor;
import org.objectweb.asm.FieldVisitor;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;
import org.objectweb.asm.RecordComponentVisitor;

/**
 * The text of all that code outside a program's classes can see of them when it is compiled: names, supertypes,
 * members with their types, modifiers, thrown types and constants, whatever their access; not their code.
 *
 * <p>Left out: what javac itself adds (lambda bodies, bridges), which source can't name, and annotations, which
 * decide nothing about the class files of those who use what is annotated. A program that declares an
 * annotation type has no such text.
 */
final class Declarations extends ClassVisitor {
    private static final int SKIPPED = ClassReader.SKIP_CODE | ClassReader.SKIP_DEBUG | ClassReader.SKIP_FRAMES;

    private final StringBuilder text = new StringBuilder(512);
    private final TreeMap<String, ClassReader> program = new TreeMap<>();
    private boolean annotationType;

    private Declarations(Collection<ClassReader> program) {
        super(Opcodes.ASM9);
        program.forEach(reader -> this.program.put(reader.getClassName(), reader));
    }

    /** @return equal texts for programs that tests can't tell apart; null where that can't be said */
    static String of(Collection<ClassReader> program) {
        Declarations declarations = new Declarations(program);
        declarations.program.values().forEach(reader -> reader.accept(declarations, SKIPPED));
        return declarations.annotationType ? null : declarations.text.toString();
    }

    @Override
    public void visit(int version, int access, String name, String signature, String superName, String[] interfaces) {
        add("class", access, name, signature, superName, Arrays.toString(interfaces));
        annotationType |= (access & Opcodes.ACC_ANNOTATION) != 0;
    }

    @Override
    public void visitPermittedSubclass(String permitted) {
        add("permits", 0, permitted);
    }

    @Override
    public void visitInnerClass(String name, String outerName, String innerName, int access) {
        if (program.containsKey(name)) { // else its code uses one of the JDK's
            add("inner", access, name, outerName, innerName);
        }
    }

    @Override
    public RecordComponentVisitor visitRecordComponent(String name, String descriptor, String signature) {
        add("component", 0, name, descriptor, signature);
        return null;
    }

    @Override
    public FieldVisitor visitField(int access, String name, String descriptor, String signature, Object value) {
        if ((access & Opcodes.ACC_SYNTHETIC) == 0) {
            add("field", access, name, descriptor, signature, value);
        }
        return null;
    }

    @Override
    public MethodVisitor visitMethod(int access, String name, String descriptor, String signature, String[] exceptions) {
        if ((access & Opcodes.ACC_SYNTHETIC) == 0) {
            add("method", access, name, descriptor, signature, Arrays.toString(exceptions));
        }
        return null;
    }

    /** Each part with its length, so that no constant can look like what comes after it. */
    private void add(String kind, int access, Object... parts) {
        text.append(kind).append(access);
        for (Object part : parts) {
            String word = String.valueOf(part);
            text.append(part == null ? '-' : '+').append(word.length()).append(' ').append(word);
        }
    }
}
