package javabox.judge;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import javabox.program.Program;
import javabox.runtime.Shims;
import org.objectweb.asm.ClassReader;
import org.objectweb.asm.ClassWriter;
import org.objectweb.asm.MethodTooLargeException;
import org.objectweb.asm.ClassTooLargeException;
import org.objectweb.asm.Opcodes;
import org.objectweb.asm.Type;
import org.objectweb.asm.tree.AbstractInsnNode;
import org.objectweb.asm.tree.ClassNode;
import org.objectweb.asm.tree.FieldInsnNode;
import org.objectweb.asm.tree.FieldNode;
import org.objectweb.asm.tree.InsnNode;
import org.objectweb.asm.tree.MethodInsnNode;
import org.objectweb.asm.tree.MethodNode;
import org.objectweb.asm.tree.VarInsnNode;

/**
 * Class files as javac made them, turned into class files that are metered and the same in every run, and the
 * word on which lane may run them. One instance serves all workers.
 */
final class Rewriter {
    /** The newest class files that this ASM reads; newer ones differ in nothing that is looked at here. */
    private static final int NEWEST = Opcodes.V17;
    private static final String HASH_FIELD = "javabox$hash";

    private final CallSites callSites;
    private final boolean deterministic;

    /**
     * What runs, and how.
     *
     * @param refusal why the warm lane does not admit it, null if it does
     * @param metered false where a method grew too large: it is left as it was and only the clock limits it
     * @param threads whether it may use threads, which makes its fuel and its stack a matter of chance
     * @param chance whether it asks for something that nothing here makes the same in every run
     * @param namesTests whether the program names the class of its tests, which it can't know honestly
     */
    record Prepared(Map<String, byte[]> classes, String refusal, boolean metered, boolean threads,
                    boolean chance, boolean namesTests) {}

    Rewriter(boolean deterministic) {
        this.deterministic = deterministic;
        this.callSites = new CallSites(deterministic);
    }

    /** @param coverage whether the lines of the program, not of its tests, are reported */
    Prepared prepare(Compiler.Result compiled, boolean coverage) {
        Set<String> own = compiled.classes().keySet().stream().map(name -> name.replace('.', '/'))
                .collect(Collectors.toSet());
        Scan scan = new Scan(own);
        Map<String, ClassReader> readers = new HashMap<>();
        boolean namesTests = false;
        for (Map.Entry<String, byte[]> entry : compiled.classes().entrySet()) {
            ClassReader reader = new ClassReader(readable(entry.getValue()));
            readers.put(entry.getKey(), reader);
            scan.add(reader);
            namesTests |= compiled.program().contains(entry.getKey()) && Scan.names(reader, Program.TESTS);
        }
        Map<String, byte[]> rewritten = new HashMap<>();
        Set<String> unmetered = new HashSet<>();
        for (Map.Entry<String, ClassReader> entry : readers.entrySet()) {
            boolean lines = coverage && compiled.program().contains(entry.getKey());
            byte[] original = compiled.classes().get(entry.getKey());
            byte[] bytes = rewrite(entry.getValue(), scan, lines, original, unmetered);
            System.arraycopy(original, 4, bytes, 4, 4); // its own version
            rewritten.put(entry.getKey(), bytes);
        }
        boolean metered = unmetered.isEmpty();
        String refusal = metered ? scan.refusal() : "a method that is too large to be metered";
        return new Prepared(rewritten, refusal, metered, scan.threads(), scan.chance(), namesTests);
    }

    private static byte[] readable(byte[] bytes) {
        int major = (bytes[6] & 0xff) << 8 | bytes[7] & 0xff;
        if (major <= NEWEST) {
            return bytes;
        }
        byte[] older = bytes.clone();
        older[6] = 0;
        older[7] = NEWEST;
        return older;
    }

    /** @param unmetered gets what can't be metered: a method that grows too large, alone of its class */
    private byte[] rewrite(ClassReader reader, Scan scan, boolean lines, byte[] original, Set<String> unmetered) {
        while (true) {
            try {
                return rewrite(reader, scan, lines, unmetered);
            } catch (MethodTooLargeException e) {
                if (!unmetered.add(e.getClassName() + '.' + e.getMethodName() + e.getDescriptor())) {
                    return original.clone(); // its calls alone make it too large
                }
            } catch (ClassTooLargeException e) {
                unmetered.add(e.getClassName());
                return original.clone();
            }
        }
    }

    private byte[] rewrite(ClassReader reader, Scan scan, boolean lines, Set<String> unmetered) {
        ClassNode type = new ClassNode();
        reader.accept(type, 0);
        for (MethodNode method : type.methods) {
            scan.declared(method.name, method.desc, method.access);
            if (unmetered.contains(type.name + '.' + method.name + method.desc)) {
                continue;
            }
            for (AbstractInsnNode instruction : method.instructions.toArray()) {
                callSites.rewrite(method.instructions, instruction);
            }
            new Metering(method, !scan.threads(), lines && Metering.written(type, method)).rewrite();
        }
        if (deterministic && !scan.reflects()) { // else the program would see it
            giveHashCode(type);
        }
        ClassWriter writer = new ClassWriter(reader, ClassWriter.COMPUTE_MAXS);
        type.accept(writer);
        return writer.toByteArray();
    }

    /** Object's own hash code is a number by chance; objects of the program's classes get one by order of asking. */
    private static void giveHashCode(ClassNode type) {
        boolean has = type.methods.stream().anyMatch(m -> m.name.equals("hashCode") && m.desc.equals("()I"));
        if (has || (type.access & Opcodes.ACC_INTERFACE) != 0 || !type.superName.equals("java/lang/Object")) {
            return;
        }
        int access = Opcodes.ACC_PRIVATE | Opcodes.ACC_TRANSIENT | Opcodes.ACC_SYNTHETIC;
        type.fields.add(new FieldNode(access, HASH_FIELD, "I", null, null));
        MethodNode method = new MethodNode(Opcodes.ACC_PUBLIC | Opcodes.ACC_SYNTHETIC, "hashCode", "()I", null, null);
        method.instructions.add(new VarInsnNode(Opcodes.ALOAD, 0));
        method.instructions.add(new InsnNode(Opcodes.DUP));
        method.instructions.add(new FieldInsnNode(Opcodes.GETFIELD, type.name, HASH_FIELD, "I"));
        method.instructions.add(new MethodInsnNode(Opcodes.INVOKESTATIC, Type.getInternalName(Shims.class), "identity",
                "(I)I"));
        method.instructions.add(new InsnNode(Opcodes.DUP_X1));
        method.instructions.add(new FieldInsnNode(Opcodes.PUTFIELD, type.name, HASH_FIELD, "I"));
        method.instructions.add(new InsnNode(Opcodes.IRETURN));
        type.methods.add(method);
    }
}
