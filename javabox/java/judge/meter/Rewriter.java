package javabox.judge.meter;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import javabox.program.Program;
import javabox.runtime.Shims;
import org.objectweb.asm.ClassReader;
import org.objectweb.asm.ClassWriter;
import org.objectweb.asm.MethodTooLargeException;
import org.objectweb.asm.ClassTooLargeException;
import org.objectweb.asm.Opcodes;
import org.objectweb.asm.Type;
import org.objectweb.asm.tree.ClassNode;
import org.objectweb.asm.tree.FieldInsnNode;
import org.objectweb.asm.tree.FieldNode;
import org.objectweb.asm.tree.InsnNode;
import org.objectweb.asm.tree.MethodInsnNode;
import org.objectweb.asm.tree.MethodNode;
import org.objectweb.asm.tree.VarInsnNode;

/**
 * Turns class files as javac made them into class files that are metered and the same in every run, and says which
 * lane may run them. One instance serves all workers.
 */
public final class Rewriter {
    private static final String HASH_FIELD = "javabox$hash";

    private final CallSites plain;
    /** Of programs that are judged by what they print. */
    private final CallSites exiting;
    private final boolean deterministic;

    /**
     * What runs, and how.
     *
     * @param refusal why the warm lane does not admit it, null if it does
     * @param metered false where a method grew too large: it is left as it was and only the clock limits it
     * @param files whether it may write a file or start a process
     * @param threads whether it may use threads, which makes its fuel and its stack a matter of chance
     * @param chance whether it asks for something that nothing here makes the same in every run
     * @param testClasses the names of the tests' classes
     * @param witnessed whether the tests say what they checked
     * @param entry the class that is called: the tests', or the program's where they are in its file
     * @param tests what became of the tests, if it can serve other programs; else null
     * @param main the class whose main runs, of a program that is judged by what it prints; null if it has none
     */
    public record Prepared(Map<String, byte[]> classes, String refusal, boolean metered, boolean threads, boolean files,
                    boolean chance, Set<String> testClasses, boolean witnessed, String entry, Tests tests, String main) {
        /** The same, started in another class. */
        public Prepared from(String otherMain) {
            return new Prepared(classes, refusal, metered, threads, files, chance, testClasses, witnessed, entry, tests,
                    otherMain);
        }
    }

    /** Tests that were metered beside a program without threads and without reflection, and what a scan found in them. */
    public record Tests(Map<String, byte[]> classes, Scan scan, String entry) {}

    /**
     * What is asked of the program beside its tests.
     *
     * @param joined whether it is called as mxeval does it: {@code java Main}
     * @param junit whether JUnit calls it, which the warm lane has no place for
     * @param prints whether it is judged by what its own main prints
     */
    public record Wanted(boolean coverage, boolean assertions, boolean joined, boolean junit, boolean prints) {}

    public Rewriter(boolean deterministic) {
        this.deterministic = deterministic;
        plain = new CallSites(deterministic, false);
        exiting = new CallSites(deterministic, true);
    }

    /**
     * @param known what became of the tests, where they were not compiled with the program; else null
     * @return null where the known tests were metered for another kind of program
     */
    public Prepared prepare(ClassFiles classes, Tests known, Wanted wanted) {
        Set<String> own = new HashSet<>();
        classes.originals().keySet().forEach(name -> own.add(name.replace('.', '/')));
        if (known != null) {
            known.classes.keySet().forEach(name -> own.add(name.replace('.', '/')));
        }
        Scan program = new Scan(own, deterministic, wanted.prints);
        Scan tests = known == null ? new Scan(own, deterministic, false) : known.scan;
        classes.program().values().forEach(program::add);
        classes.tests().values().forEach(tests::add);
        boolean threads = program.threads() || tests.threads();
        boolean reflects = program.reflects() || tests.reflects();
        if (known != null && (threads || reflects)) {
            return null;
        }
        CallSites callSites = wanted.prints ? exiting : plain;
        Pass first = new Pass(classes.originals(), callSites, !threads, !reflects, wanted.assertions, null);
        Pass second = new Pass(classes.originals(), callSites, !threads, !reflects, true,
                known == null ? new TestCode(classes.tests().values(), classes.program().keySet()) : null);
        Map<String, byte[]> rewritten = first.rewrite(classes.program(), program, wanted.coverage);
        Map<String, byte[]> ofTests = known == null ? second.rewrite(classes.tests(), tests, false) : known.classes;
        rewritten.putAll(ofTests);
        boolean metered = first.unmetered.isEmpty() && second.unmetered.isEmpty();
        String refusal = wanted.junit ? "JUnit" : program.refusal() != null ? program.refusal() : tests.refusal();
        String entry = known != null ? known.entry : wanted.joined ? Entry.MAIN : Entry.of(classes);
        return new Prepared(rewritten, metered ? refusal : "a method that is too large to be metered", metered, threads,
                program.files() || tests.files(), program.chance() || tests.chance(),
                ofTests.keySet(), second.unmetered.isEmpty(), entry,
                !threads && !reflects && second.unmetered.isEmpty() ? new Tests(ofTests, tests, entry) : null,
                wanted.prints ? EntryClass.main(classes.program().values()) : null);
    }

    /** The rewriting of the program's classes, or of its tests'. */
    private final class Pass {
        private final Map<String, byte[]> originals;
        private final CallSites callSites;
        private final boolean stack;
        /** Whether methods can be added that the program does not see. */
        private final boolean unseen;
        private final boolean assertions;
        /** Null for the program's own. */
        private final TestCode testCode;
        /** What can't be metered: a method that grows too large, alone of its class. */
        private final Set<String> unmetered = new HashSet<>();

        Pass(Map<String, byte[]> originals, CallSites callSites, boolean stack, boolean unseen, boolean assertions,
                TestCode testCode) {
            this.originals = originals;
            this.callSites = callSites;
            this.stack = stack;
            this.unseen = unseen;
            this.assertions = assertions;
            this.testCode = testCode;
        }

        Map<String, byte[]> rewrite(Map<String, ClassReader> readers, Scan scan, boolean lines) {
            Map<String, byte[]> rewritten = new HashMap<>();
            readers.forEach((name, reader) -> {
                byte[] bytes = metered(reader, scan, lines);
                System.arraycopy(originals.get(name), 4, bytes, 4, 4); // its own version
                rewritten.put(name, bytes);
            });
            return rewritten;
        }

        private byte[] metered(ClassReader reader, Scan scan, boolean lines) {
            while (true) {
                try {
                    return rewrite(reader, scan, lines, true);
                } catch (MethodTooLargeException e) {
                    if (!unmetered.add(e.getClassName() + '.' + e.getMethodName() + e.getDescriptor())) {
                        return rewrite(reader, scan, lines, false); // its calls alone make it too large
                    }
                } catch (ClassTooLargeException e) {
                    unmetered.add(e.getClassName());
                    return rewrite(reader, scan, lines, false);
                }
            }
        }

        private byte[] rewrite(ClassReader reader, Scan scan, boolean lines, boolean meter) {
            ClassNode type = new ClassNode();
            reader.accept(type, 0);
            if (meter && unseen) {
                callSites.unfold(type);
            }
            for (MethodNode method : type.methods) {
                scan.declared(method.name, method.desc, method.access);
                TestCode.settleAssertions(method, assertions);
                if (meter && !unmetered.contains(type.name + '.' + method.name + method.desc)) {
                    rewrite(type, method, lines);
                }
            }
            if (meter && deterministic && unseen) {
                giveHashCode(type);
            }
            ClassWriter writer = new ClassWriter(reader, ClassWriter.COMPUTE_MAXS);
            type.accept(writer);
            return writer.toByteArray();
        }

        private void rewrite(ClassNode type, MethodNode method, boolean lines) {
            if (testCode != null) {
                testCode.rewrite(method);
            }
            callSites.rewrite(method);
            boolean shown = lines && Program.SOURCE_NAME.equals(type.sourceFile) && Metering.written(type, method);
            new Metering(method, stack, shown).rewrite();
        }
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
