package javabox.judge.meter;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import javabox.runtime.Meter;
import org.objectweb.asm.Opcodes;
import org.objectweb.asm.Type;
import org.objectweb.asm.tree.AbstractInsnNode;
import org.objectweb.asm.tree.ClassNode;
import org.objectweb.asm.tree.FrameNode;
import org.objectweb.asm.tree.InsnList;
import org.objectweb.asm.tree.InsnNode;
import org.objectweb.asm.tree.IntInsnNode;
import org.objectweb.asm.tree.JumpInsnNode;
import org.objectweb.asm.tree.LabelNode;
import org.objectweb.asm.tree.LdcInsnNode;
import org.objectweb.asm.tree.LineNumberNode;
import org.objectweb.asm.tree.LookupSwitchInsnNode;
import org.objectweb.asm.tree.MethodInsnNode;
import org.objectweb.asm.tree.MethodNode;
import org.objectweb.asm.tree.MultiANewArrayInsnNode;
import org.objectweb.asm.tree.TableSwitchInsnNode;
import org.objectweb.asm.tree.TryCatchBlockNode;
import org.objectweb.asm.tree.VarInsnNode;

/**
 * Rewrites one method so that it pays for what it executes: its instructions a basic block, its stack at entry,
 * its objects and arrays before they are made, and again at the entry of every handler, so that no handler
 * outlives the end of the fuel.
 *
 * <p>Only straight-line calls are inserted, so javac's stack map frames stay true. The one new handler, which
 * gives the stack back when an exception leaves the method, has an empty frame, which fits every state. In a
 * constructor it starts after {@code super(…)}: before that no handler can stand that does not know
 * {@code this}; stack that is taken by the arguments of that call is the native stack's affair.
 */
final class Metering {
    private static final String METER = Type.getInternalName(Meter.class);
    /** What an interpreted frame takes beside its variables and operands, in slots of 8 bytes. */
    private static final int FRAME_SLOTS = 16;
    /** Bytes of an object of unknown size; what it holds is charged where it is made. */
    private static final int OBJECT_BYTES = 24;
    /** The whole handler of a synchronized block. */
    private static final int[] UNLOCKING = {Opcodes.ASTORE, Opcodes.ALOAD, Opcodes.MONITOREXIT, Opcodes.ALOAD,
        Opcodes.ATHROW};

    private final MethodNode method;
    private final InsnList code;
    private final boolean stack;
    private final boolean lines;
    private final Set<LabelNode> targets = new HashSet<>();
    private final Set<LabelNode> handlers = new HashSet<>();
    /** Labels that must stay right in front of a NEW. */
    private final Set<AbstractInsnNode> creations = new HashSet<>();

    /** Straight-line code from its first instruction on. */
    private static final class Block {
        final AbstractInsnNode first;
        final LabelNode handler;
        int instructions;
        int objects;

        Block(AbstractInsnNode first, LabelNode handler) {
            this.first = first;
            this.handler = handler;
        }
    }

    private record Probe(AbstractInsnNode before, int line) {}

    /**
     * @param stack whether its stack is charged: not in programs with threads, which share the count
     * @param lines whether its lines are reported
     */
    Metering(MethodNode method, boolean stack, boolean lines) {
        this.method = method;
        this.code = method.instructions;
        this.stack = stack;
        this.lines = lines;
    }

    /**
     * Whether someone wrote the method. What javac adds of its own (bridges, the tables behind a switch over an
     * enum) has the line numbers of other code; the body of a lambda is marked as added too.
     */
    static boolean written(ClassNode type, MethodNode method) {
        return (type.access & Opcodes.ACC_SYNTHETIC) == 0
                && ((method.access & Opcodes.ACC_SYNTHETIC) == 0 || method.name.startsWith("lambda$"));
    }

    void rewrite() {
        if (code.size() == 0) {
            return;
        }
        findLeaders();
        separateUninitialized();
        chargeBlocks();
        chargeArrays();
        if (stack && calls()) {
            chargeStack();
        }
    }

    /** A method that calls nothing can't be part of a recursion. */
    private boolean calls() {
        for (AbstractInsnNode node : code) {
            if (node.getType() == AbstractInsnNode.METHOD_INSN
                    && !((MethodInsnNode) node).owner.equals(METER)
                    || node.getType() == AbstractInsnNode.INVOKE_DYNAMIC_INSN) {
                return true;
            }
        }
        return false;
    }

    private void findLeaders() {
        for (AbstractInsnNode node : code) {
            if (node instanceof JumpInsnNode jump) {
                targets.add(jump.label);
            } else if (node instanceof TableSwitchInsnNode table) {
                targets.addAll(table.labels);
                targets.add(table.dflt);
            } else if (node instanceof LookupSwitchInsnNode lookup) {
                targets.addAll(lookup.labels);
                targets.add(lookup.dflt);
            }
        }
        for (TryCatchBlockNode block : method.tryCatchBlocks) {
            handlers.add(block.handler);
        }
        targets.addAll(handlers);
    }

    /** A frame names an object under construction by the label of its NEW: that must stay right at the NEW. */
    private void separateUninitialized() {
        Map<LabelNode, LabelNode> own = new HashMap<>();
        for (AbstractInsnNode node : code.toArray()) {
            if (node instanceof FrameNode frame) {
                replaceLabels(frame.local, own);
                replaceLabels(frame.stack, own);
            }
        }
    }

    private void replaceLabels(List<Object> types, Map<LabelNode, LabelNode> own) {
        if (types == null) {
            return;
        }
        for (int i = 0; i < types.size(); i++) {
            if (types.get(i) instanceof LabelNode label) {
                types.set(i, own.computeIfAbsent(label, this::atCreation));
            }
        }
    }

    private LabelNode atCreation(LabelNode label) {
        AbstractInsnNode creation = label;
        while (creation.getOpcode() != Opcodes.NEW) {
            creation = creation.getNext();
        }
        LabelNode own = new LabelNode();
        code.insertBefore(creation, own);
        creations.add(own);
        return own;
    }

    private void chargeBlocks() {
        List<Block> blocks = new ArrayList<>();
        List<Probe> probes = new ArrayList<>();
        Block block = null;
        LabelNode handler = null;
        int line = 0;
        boolean newLine = false;
        for (AbstractInsnNode node : code) {
            if (node instanceof LineNumberNode number) {
                line = number.line;
                newLine = true;
            } else if (node instanceof LabelNode label && targets.contains(label)) {
                block = null;
                handler = handlers.contains(label) ? label : handler;
            } else if (node.getOpcode() >= 0) {
                if (lines && line > 0 && (block == null || newLine)) {
                    probes.add(new Probe(node, line));
                }
                if (block == null) {
                    block = new Block(node, handler);
                    blocks.add(block);
                    handler = null;
                }
                newLine = false;
                block.instructions++;
                block.objects += node.getOpcode() == Opcodes.NEW ? OBJECT_BYTES : 0;
                block = ends(node) ? null : block;
            }
        }
        blocks.removeIf(found -> found.handler != null && unlocks(found.first)); // before a probe stands in it
        probes.forEach(probe -> insertBefore(probe.before, call("line", "(I)V", probe.line)));
        blocks.forEach(this::charge);
    }

    private static boolean ends(AbstractInsnNode node) {
        int opcode = node.getOpcode();
        return node instanceof JumpInsnNode || node instanceof TableSwitchInsnNode
                || node instanceof LookupSwitchInsnNode || opcode == Opcodes.ATHROW
                || opcode >= Opcodes.IRETURN && opcode <= Opcodes.RETURN;
    }

    private void charge(Block block) {
        if (block.handler == null) {
            insertBefore(block.first, block.objects == 0 ? call("charge", "(I)V", block.instructions)
                    : call("charge", "(II)V", block.instructions, block.objects));
            return;
        }
        InsnList check = call("caught", "(Ljava/lang/Throwable;I)V", block.instructions);
        check.insert(new InsnNode(Opcodes.DUP));
        LabelNode after = new LabelNode();
        check.add(after);
        exclude(block.handler, after);
        insertBefore(block.first, check);
    }

    /**
     * The handler of a synchronized block unlocks and throws on, so it outlives nothing. It must be left as it is:
     * a path out of the method that keeps the lock would keep the JIT from compiling it.
     */
    static boolean unlocks(AbstractInsnNode first) {
        AbstractInsnNode node = first;
        for (int opcode : UNLOCKING) {
            while (node != null && node.getOpcode() < 0) {
                node = node.getNext();
            }
            if (node == null || node.getOpcode() != opcode) {
                return false; // a handler of the program's own, in which a synchronized block may stand
            }
            node = node.getNext();
        }
        return true;
    }

    /** Where a handler covers itself, as javac lets that of a finally block, a charge in it would never end. */
    private void exclude(LabelNode handler, LabelNode after) {
        List<TryCatchBlockNode> split = new ArrayList<>();
        for (TryCatchBlockNode block : method.tryCatchBlocks) {
            boolean covered = block.handler == handler && code.indexOf(block.start) <= code.indexOf(handler)
                    && code.indexOf(handler) < code.indexOf(block.end);
            if (!covered) {
                split.add(block);
                continue;
            }
            if (block.start != handler) {
                split.add(new TryCatchBlockNode(block.start, handler, block.handler, block.type));
            }
            split.add(new TryCatchBlockNode(after, block.end, block.handler, block.type));
        }
        method.tryCatchBlocks = split;
    }

    private void chargeArrays() {
        for (AbstractInsnNode node : code.toArray()) {
            if (node.getOpcode() == Opcodes.NEWARRAY) {
                chargeArray(node, primitiveBytes(((IntInsnNode) node).operand));
            } else if (node.getOpcode() == Opcodes.ANEWARRAY) {
                chargeArray(node, 4);
            } else if (node instanceof MultiANewArrayInsnNode array) {
                chargeArrays(array);
            }
        }
    }

    private void chargeArray(AbstractInsnNode node, int elementBytes) {
        InsnList charge = call("array", "(II)V", elementBytes);
        charge.insert(new InsnNode(Opcodes.DUP));
        code.insertBefore(node, charge);
    }

    /** The lengths go through variables of their own into an array, whatever their number. */
    private void chargeArrays(MultiANewArrayInsnNode array) {
        int elementBytes = bytesOf(array.desc.substring(array.dims));
        if (array.dims == 2) {
            InsnList charge = call("array", "(III)V", elementBytes);
            charge.insert(new InsnNode(Opcodes.DUP2));
            code.insertBefore(array, charge);
            return;
        }
        int first = method.maxLocals;
        method.maxLocals += array.dims;
        InsnList charge = new InsnList();
        for (int i = array.dims - 1; i >= 0; i--) {
            charge.add(new VarInsnNode(Opcodes.ISTORE, first + i));
        }
        charge.add(push(array.dims));
        charge.add(new IntInsnNode(Opcodes.NEWARRAY, Opcodes.T_INT));
        for (int i = 0; i < array.dims; i++) {
            charge.add(new InsnNode(Opcodes.DUP));
            charge.add(push(i));
            charge.add(new VarInsnNode(Opcodes.ILOAD, first + i));
            charge.add(new InsnNode(Opcodes.IASTORE));
        }
        charge.add(call("arrays", "([II)V", elementBytes));
        for (int i = 0; i < array.dims; i++) {
            charge.add(new VarInsnNode(Opcodes.ILOAD, first + i));
        }
        code.insertBefore(array, charge);
    }

    /** Of an element, by its descriptor; a reference is compressed in heaps of this size. */
    private static int bytesOf(String descriptor) {
        return switch (descriptor.charAt(0)) {
            case 'J', 'D' -> 8;
            case 'S', 'C' -> 2;
            case 'B', 'Z' -> 1;
            default -> 4;
        };
    }

    private static int primitiveBytes(int type) {
        return switch (type) {
            case Opcodes.T_LONG, Opcodes.T_DOUBLE -> 8;
            case Opcodes.T_INT, Opcodes.T_FLOAT -> 4;
            case Opcodes.T_SHORT, Opcodes.T_CHAR -> 2;
            default -> 1;
        };
    }

    private void chargeStack() {
        AbstractInsnNode from = method.name.equals("<init>") ? superCall() : null;
        int slots = FRAME_SLOTS + method.maxLocals + method.maxStack;
        for (AbstractInsnNode node : code.toArray()) {
            int opcode = node.getOpcode();
            if (opcode >= Opcodes.IRETURN && opcode <= Opcodes.RETURN) {
                code.insertBefore(node, call("leave", "(I)V", slots));
            }
        }
        LabelNode start = new LabelNode();
        InsnList entry = call("enter", "(I)V", slots);
        entry.add(start);
        if (from == null) {
            code.insert(entry);
        } else {
            code.insert(from, entry);
        }
        LabelNode end = new LabelNode();
        code.add(end);
        code.add(new FrameNode(Opcodes.F_FULL, 0, new Object[0], 1, new Object[] {"java/lang/Throwable"}));
        code.add(call("leave", "(I)V", slots));
        code.add(new InsnNode(Opcodes.ATHROW));
        method.tryCatchBlocks.add(new TryCatchBlockNode(start, end, end, null));
    }

    /** The call of super(…) or this(…): the first constructor called that no NEW before it stands for. */
    private AbstractInsnNode superCall() {
        int open = 0;
        for (AbstractInsnNode node : code) {
            if (node.getOpcode() == Opcodes.NEW) {
                open++;
            } else if (node.getOpcode() == Opcodes.INVOKESPECIAL && ((MethodInsnNode) node).name.equals("<init>")
                    && open-- == 0) {
                return node;
            }
        }
        throw new IllegalStateException("a constructor of " + method.name + " calls no constructor");
    }

    private void insertBefore(AbstractInsnNode node, InsnList inserted) {
        AbstractInsnNode before = creations.contains(node.getPrevious()) ? node.getPrevious() : node;
        code.insertBefore(before, inserted);
    }

    private static InsnList call(String name, String descriptor, int... numbers) {
        InsnList call = new InsnList();
        for (int number : numbers) {
            call.add(push(number));
        }
        call.add(new MethodInsnNode(Opcodes.INVOKESTATIC, METER, name, descriptor));
        return call;
    }

    private static AbstractInsnNode push(int number) {
        if (number >= -1 && number <= 5) {
            return new InsnNode(Opcodes.ICONST_0 + number);
        }
        if (number == (byte) number) {
            return new IntInsnNode(Opcodes.BIPUSH, number);
        }
        return number == (short) number ? new IntInsnNode(Opcodes.SIPUSH, number) : new LdcInsnNode(number);
    }
}
