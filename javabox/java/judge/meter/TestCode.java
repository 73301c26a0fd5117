package javabox.judge.meter;

import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import javabox.runtime.Equality;
import javabox.runtime.Meter;
import org.objectweb.asm.ClassReader;
import org.objectweb.asm.ClassWriter;
import org.objectweb.asm.Opcodes;
import org.objectweb.asm.Type;
import org.objectweb.asm.tree.AbstractInsnNode;
import org.objectweb.asm.tree.ClassNode;
import org.objectweb.asm.tree.FieldInsnNode;
import org.objectweb.asm.tree.InsnList;
import org.objectweb.asm.tree.InsnNode;
import org.objectweb.asm.tree.JumpInsnNode;
import org.objectweb.asm.tree.LabelNode;
import org.objectweb.asm.tree.LdcInsnNode;
import org.objectweb.asm.tree.LookupSwitchInsnNode;
import org.objectweb.asm.tree.MethodInsnNode;
import org.objectweb.asm.tree.MethodNode;
import org.objectweb.asm.tree.TableSwitchInsnNode;
import org.objectweb.asm.tree.TryCatchBlockNode;

/**
 * Makes the code of tests say what it does: that it has checked something, and that it is in the program.
 *
 * <p>A check is what can end the tests by their own word: a branch (so also an evaluated assertion) of which one way
 * leads to nothing but an exception of theirs or an exit, or which is an operand of such a condition, a catch clause
 * around such an end, a call of {@code orElseThrow} or {@code requireNonNull}. A suite that ran to its end
 * and met none has tested nothing. What is thrown out of a call into the program is the program's, whatever its stack
 * trace says. An exit of the tests with another code than 0 gives the program up, as an exception of theirs would.
 *
 * <p>Where they ask whether values of the JDK's types are equal, the program has not the last word
 * ({@link javabox.runtime.Equality}).
 *
 * <p>Not covered: tests whose methods grow too large to be metered; they are not asked what they checked.
 */
public final class TestCode {
    private static final String METER = Type.getInternalName(Meter.class);
    /** What a check is counted for: a program can call the meter by name, and does not know it. */
    public static final long KEY = new SecureRandom().nextLong();
    private static final String EQUALS = "(Ljava/lang/Object;Ljava/lang/Object;)Z";
    private static final String ARRAYS = "([Ljava/lang/Object;[Ljava/lang/Object;)Z";
    /** Static methods of the JDK's that ask equals, by what is called for them. */
    private static final Map<String, String> ASKING = Map.of("java/util/Objects.equals" + EQUALS, "equalOrNull",
            "java/util/Objects.deepEquals" + EQUALS, "deep", "java/util/Arrays.equals" + ARRAYS, "arrays",
            "java/util/Arrays.deepEquals" + ARRAYS, "deepArrays");
    /** Instructions of the longest operand that is looked through. */
    private static final int OPERAND = 1000;
    private static final Set<String> CHECKING = Set.of("orElseThrow", "requireNonNull");

    private final Set<String> program = new HashSet<>();
    /** Methods of the tests that never return: owner, name, descriptor. */
    private final Set<String> endless = new HashSet<>();

    /**
     * @param tests the classes of the tests
     * @param program the names of the program's classes
     */
    TestCode(Collection<ClassReader> tests, Set<String> program) {
        program.forEach(name -> this.program.add(name.replace('.', '/')));
        List<ClassNode> types = tests.stream().map(TestCode::read).toList();
        boolean more = true;
        while (more) {
            more = false;
            for (ClassNode type : types) {
                for (MethodNode method : type.methods) {
                    boolean never = method.instructions.size() > 0 && endings(method.instructions)[0];
                    more |= never && endless.add(key(type.name, method.name, method.desc));
                }
            }
        }
    }

    private static ClassNode read(ClassReader reader) {
        ClassNode type = new ClassNode();
        reader.accept(type, ClassReader.SKIP_DEBUG | ClassReader.SKIP_FRAMES);
        return type;
    }

    private static String key(String owner, String name, String descriptor) {
        return owner + '.' + name + descriptor;
    }

    /** Settles whether {@code assert} is on in a method, program's or tests': no class loader is asked. */
    static void settleAssertions(MethodNode method, boolean on) {
        AbstractInsnNode node = method.instructions.getFirst();
        while (node != null) {
            AbstractInsnNode next = node.getNext();
            if (node instanceof MethodInsnNode call && call.name.equals("desiredAssertionStatus")
                    && call.owner.equals("java/lang/Class") && call.desc.equals("()Z")) {
                method.instructions.insertBefore(call, new InsnNode(Opcodes.POP));
                method.instructions.set(call, new InsnNode(on ? Opcodes.ICONST_1 : Opcodes.ICONST_0));
            }
            node = next;
        }
    }

    /** Rewrites one method of the tests; before it is metered. */
    void rewrite(MethodNode method) {
        InsnList code = method.instructions;
        AbstractInsnNode[] nodes = code.toArray();
        boolean[] ends = endings(code);
        Set<LabelNode> guards = guards(method, ends);
        Set<AbstractInsnNode> checks = new LinkedHashSet<>();
        Arrays.stream(nodes).filter(node -> checks(code, node, ends)).forEach(checks::add);
        while (Arrays.stream(nodes).filter(node -> leadsOn(node, checks)).map(checks::add)
                .reduce(false, Boolean::logicalOr)) {
            continue; // the operands of && and || from the last to the first
        }
        List<AbstractInsnNode> into = Arrays.stream(nodes).filter(this::intoProgram).toList();
        checks.forEach(node -> code.insertBefore(node, check()));
        Arrays.stream(nodes).filter(TestCode::exits).forEach(node -> {
            code.insertBefore(node, new InsnNode(Opcodes.DUP));
            code.insertBefore(node, new LdcInsnNode(KEY));
            code.insertBefore(node, call("exits", "(IJ)V"));
        });
        for (AbstractInsnNode node : into) {
            code.insertBefore(node, call("into", "()V"));
            code.insert(node, call("outOf", "()V"));
        }
        Arrays.stream(nodes).forEach(node -> compare(code, node));
        Set<LabelNode> entered = new HashSet<>();
        for (TryCatchBlockNode block : method.tryCatchBlocks) {
            if (entered.add(block.handler)) { // several ranges share one
                enter(code, block.handler, guards.contains(block.handler));
            }
        }
    }

    /**
     * A class of JUnit's or hamcrest's with such questions replaced, as assertions ask them for the tests.
     *
     * @return null where there are none
     */
    static byte[] sincere(ClassReader reader) {
        ClassNode type = new ClassNode();
        reader.accept(type, 0);
        boolean[] asks = new boolean[1];
        for (MethodNode method : type.methods) {
            for (AbstractInsnNode node : method.instructions.toArray()) {
                int at = method.instructions.indexOf(node);
                compare(method.instructions, node);
                asks[0] |= method.instructions.get(at) != node;
            }
        }
        ClassWriter writer = new ClassWriter(0);
        type.accept(writer);
        return asks[0] ? writer.toByteArray() : null;
    }

    private static void compare(InsnList code, AbstractInsnNode node) {
        if (!(node instanceof MethodInsnNode call)) {
            return;
        }
        boolean isStatic = call.getOpcode() == Opcodes.INVOKESTATIC;
        boolean asks = (call.getOpcode() == Opcodes.INVOKEVIRTUAL || call.getOpcode() == Opcodes.INVOKEINTERFACE)
                && call.name.equals("equals") && call.desc.equals("(Ljava/lang/Object;)Z")
                && (call.owner.startsWith("java/") || call.owner.startsWith("org/javatuples/"));
        String name = isStatic ? ASKING.get(call.owner + '.' + call.name + call.desc) : asks ? "equal" : null;
        if (name != null) {
            code.set(node, new MethodInsnNode(Opcodes.INVOKESTATIC, Type.getInternalName(Equality.class), name,
                    isStatic ? call.desc : EQUALS));
        }
    }

    private boolean intoProgram(AbstractInsnNode node) {
        return node instanceof MethodInsnNode call && program.contains(call.owner)
                || node instanceof FieldInsnNode field && program.contains(field.owner);
    }

    private boolean checks(InsnList code, AbstractInsnNode node, boolean[] ends) {
        if (node instanceof MethodInsnNode call) {
            return CHECKING.contains(call.name) && call.owner.startsWith("java/util/");
        }
        if (!branches(node)) {
            return false;
        }
        boolean[] ways = ways(code, node, ends);
        return any(ways, true) && any(ways, false);
    }

    /** Whether a branch is an operand of a condition whose other operands decide: no statement is between them. */
    private static boolean leadsOn(AbstractInsnNode node, Set<AbstractInsnNode> checks) {
        return node instanceof JumpInsnNode jump && node.getOpcode() != Opcodes.GOTO && !checks.contains(node)
                && (evaluates(node.getNext(), checks) || evaluates(jump.label, checks));
    }

    private static boolean evaluates(AbstractInsnNode from, Set<AbstractInsnNode> checks) {
        AbstractInsnNode at = from;
        for (int left = OPERAND; at != null && left > 0 && !states(at); left--) {
            if (branches(at)) {
                return checks.contains(at);
            }
            at = at.getOpcode() == Opcodes.GOTO ? ((JumpInsnNode) at).label : at.getNext();
        }
        return false;
    }

    /** Whether an instruction is of a statement and not of an expression alone. */
    private static boolean states(AbstractInsnNode node) {
        int opcode = node.getOpcode();
        if (node instanceof MethodInsnNode call) {
            return call.desc.endsWith(")V") && !call.name.equals("<init>");
        }
        return opcode >= Opcodes.ISTORE && opcode <= Opcodes.POP2 || opcode >= Opcodes.IRETURN && opcode <= Opcodes.RETURN
                || opcode == Opcodes.ATHROW || opcode == Opcodes.IINC || opcode == Opcodes.PUTFIELD
                || opcode == Opcodes.PUTSTATIC;
    }

    private static boolean any(boolean[] ways, boolean wanted) {
        for (boolean way : ways) {
            if (way == wanted) {
                return true;
            }
        }
        return false;
    }

    private static boolean branches(AbstractInsnNode node) {
        return node instanceof JumpInsnNode && node.getOpcode() != Opcodes.GOTO
                || node instanceof TableSwitchInsnNode || node instanceof LookupSwitchInsnNode;
    }

    /** For each way on from an instruction, whether it ends the tests. */
    private static boolean[] ways(InsnList code, AbstractInsnNode node, boolean[] ends) {
        if (node instanceof JumpInsnNode jump) {
            boolean there = ends[code.indexOf(jump.label)];
            boolean next = node.getNext() != null && ends[code.indexOf(node.getNext())];
            return node.getOpcode() == Opcodes.GOTO ? new boolean[] {there} : new boolean[] {there, next};
        }
        List<LabelNode> labels = node instanceof TableSwitchInsnNode table ? table.labels
                : ((LookupSwitchInsnNode) node).labels;
        LabelNode other = node instanceof TableSwitchInsnNode table ? table.dflt : ((LookupSwitchInsnNode) node).dflt;
        boolean[] ways = new boolean[labels.size() + 1];
        for (int i = 0; i < labels.size(); i++) {
            ways[i] = ends[code.indexOf(labels.get(i))];
        }
        ways[labels.size()] = ends[code.indexOf(other)];
        return ways;
    }

    /** By instruction: whether every way on from it leads to an exception or an exit. */
    private boolean[] endings(InsnList code) {
        boolean[] ends = new boolean[code.size()];
        AbstractInsnNode[] nodes = code.toArray();
        boolean more = true;
        while (more) {
            more = false;
            for (int i = nodes.length - 1; i >= 0; i--) {
                if (!ends[i] && ends(code, nodes[i], i, ends)) {
                    ends[i] = true;
                    more = true;
                }
            }
        }
        return ends;
    }

    private boolean ends(InsnList code, AbstractInsnNode node, int at, boolean[] ends) {
        int opcode = node.getOpcode();
        if (opcode == Opcodes.ATHROW || node instanceof MethodInsnNode call && neverReturns(call)) {
            return true;
        }
        if (opcode >= Opcodes.IRETURN && opcode <= Opcodes.RETURN) {
            return false;
        }
        if (branches(node) || opcode == Opcodes.GOTO) {
            return !any(ways(code, node, ends), false);
        }
        return at + 1 < ends.length && ends[at + 1];
    }

    private boolean neverReturns(MethodInsnNode call) {
        return exits(call) || endless.contains(key(call.owner, call.name, call.desc));
    }

    private static boolean exits(AbstractInsnNode node) {
        return node instanceof MethodInsnNode call && call.desc.equals("(I)V")
                && (call.owner.equals("java/lang/System") && call.name.equals("exit")
                || call.owner.equals("java/lang/Runtime") && (call.name.equals("exit") || call.name.equals("halt")));
    }

    /** Handlers of catch clauses around code that ends the tests: to be caught, the program has to throw first. */
    private static Set<LabelNode> guards(MethodNode method, boolean[] ends) {
        Set<LabelNode> guards = new HashSet<>();
        for (TryCatchBlockNode block : method.tryCatchBlocks) {
            int last = method.instructions.indexOf(block.end);
            for (int i = method.instructions.indexOf(block.start); i < last && block.type != null; i++) {
                int opcode = method.instructions.get(i).getOpcode();
                if (ends[i] && (opcode == Opcodes.ATHROW
                        || opcode >= Opcodes.INVOKEVIRTUAL && opcode <= Opcodes.INVOKESTATIC)) {
                    guards.add(block.handler);
                    break;
                }
            }
        }
        return guards;
    }

    private static void enter(InsnList code, LabelNode handler, boolean guards) {
        AbstractInsnNode first = handler;
        while (first.getOpcode() < 0) {
            first = first.getNext();
        }
        if (Metering.unlocks(first)) {
            return; // it must stay as it is, and throws on
        }
        InsnList caught = call("cameOut", "(Ljava/lang/Throwable;)V");
        caught.insert(new InsnNode(Opcodes.DUP));
        if (guards) {
            caught.add(check());
        }
        code.insertBefore(first, caught);
    }

    private static InsnList check() {
        InsnList check = call("check", "(J)V");
        check.insert(new LdcInsnNode(KEY));
        return check;
    }

    private static InsnList call(String name, String descriptor) {
        InsnList call = new InsnList();
        call.add(new MethodInsnNode(Opcodes.INVOKESTATIC, METER, name, descriptor));
        return call;
    }
}
