package javabox.judge.meter;

import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import javabox.runtime.Charges;
import javabox.runtime.Clocks;
import javabox.runtime.CollectionWork;
import javabox.runtime.Exits;
import javabox.runtime.InputWork;
import javabox.runtime.NumberWork;
import javabox.runtime.Replaces;
import javabox.runtime.Shims;
import javabox.runtime.TextWork;
import org.objectweb.asm.Handle;
import org.objectweb.asm.Opcodes;
import org.objectweb.asm.Type;
import org.objectweb.asm.tree.AbstractInsnNode;
import org.objectweb.asm.tree.ClassNode;
import org.objectweb.asm.tree.InsnList;
import org.objectweb.asm.tree.InsnNode;
import org.objectweb.asm.tree.InvokeDynamicInsnNode;
import org.objectweb.asm.tree.LdcInsnNode;
import org.objectweb.asm.tree.MethodInsnNode;
import org.objectweb.asm.tree.MethodNode;
import org.objectweb.asm.tree.VarInsnNode;

/**
 * Puts methods of ours in front of calls into the JDK, or in their place.
 *
 * <p>In front: it charges for work that is large and hidden in the JDK ({@link TextWork} and its like). The receiver is
 * doubled on the stack and never moved, so a null there is told of as in plain java. In their place: what would let
 * chance or a clock in ({@link Shims}, {@link Clocks}), and regular expressions; an instance method becomes a static
 * one with the receiver in front. Our methods say themselves what they charge for or replace.
 *
 * <p>Method references are rewritten the same way; one that is charged for becomes one to a method added to the class.
 */
final class CallSites {
    /** Owner, name and descriptor of the call, static or not, to the method that replaces it. */
    private record Target(String owner, String name, String descriptor, boolean constructor) {}

    private static final String TEXT_ALONE = "(Ljava/lang/CharSequence;)";

    private final Map<String, Target> targets = new HashMap<>();
    /** By owner, name and descriptor without the result: what is called in front. */
    private final Map<String, Target> charges = new HashMap<>();
    /** The names alone, which nearly all calls do not have. */
    private final Set<String> charged = new HashSet<>();
    private final Set<String> replaced = new HashSet<>();
    private final boolean deterministic;

    /**
     * @param deterministic whether chance and clocks are replaced too
     * @param exits whether {@code System.exit} is, which ends a program that is judged by what it prints
     */
    CallSites(boolean deterministic, boolean exits) {
        this.deterministic = deterministic;
        collect(TextWork.class);
        collect(InputWork.class);
        collect(CollectionWork.class);
        collect(NumberWork.class);
        if (deterministic) {
            collect(Shims.class);
            collect(Clocks.class);
        }
        if (exits) {
            collect(Exits.class);
        }
    }

    private void collect(Class<?> shims) {
        for (Method method : shims.getDeclaredMethods()) {
            Charges charged = method.getAnnotation(Charges.class);
            if (charged != null) {
                charge(method, charged);
            }
            Replaces replaced = method.getAnnotation(Replaces.class);
            if (replaced == null) {
                continue;
            }
            String descriptor = Type.getMethodDescriptor(method);
            String name = replaced.name().isEmpty() ? method.getName() : replaced.name();
            for (Class<?> owner : replaced.value()) {
                String internal = Type.getInternalName(owner);
                boolean constructor = name.equals("<init>");
                String original = constructor ? withoutResult(descriptor)
                        : replaced.isStatic() ? descriptor : withoutReceiver(descriptor);
                this.replaced.add(name);
                targets.put(key(internal, name, original, replaced.isStatic()),
                        new Target(Type.getInternalName(shims), method.getName(), descriptor, constructor));
            }
        }
    }

    private void charge(Method method, Charges charged) {
        String descriptor = Type.getMethodDescriptor(method);
        String name = charged.name().isEmpty() ? method.getName() : charged.name();
        String original = charged.isStatic() ? descriptor : withoutReceiver(descriptor);
        this.charged.add(name);
        for (Class<?> owner : charged.value()) {
            charges.put(key(Type.getInternalName(owner), name, withoutResult(original), charged.isStatic()),
                    new Target(Type.getInternalName(method.getDeclaringClass()), method.getName(), descriptor, false));
        }
    }

    private static String key(String owner, String name, String descriptor, boolean isStatic) {
        return (isStatic ? "static " : "") + owner + '.' + name + descriptor;
    }

    private static String withoutReceiver(String descriptor) {
        Type[] arguments = Type.getArgumentTypes(descriptor);
        return Type.getMethodDescriptor(Type.getReturnType(descriptor),
                java.util.Arrays.copyOfRange(arguments, 1, arguments.length));
    }

    private static String withoutResult(String descriptor) {
        return Type.getMethodDescriptor(Type.VOID_TYPE, Type.getArgumentTypes(descriptor));
    }

    /** Rewrites the calls of one method. */
    void rewrite(MethodNode method) {
        int locals = method.maxLocals;
        for (AbstractInsnNode instruction : method.instructions.toArray()) {
            if (instruction instanceof MethodInsnNode call && charged.contains(call.name)) {
                Target charge = charges.get(key(call.owner, call.name, withoutResult(call.desc),
                        call.getOpcode() == Opcodes.INVOKESTATIC));
                if (charge != null) {
                    int taken = charge(method.instructions, call, charge, locals);
                    method.maxLocals = Math.max(method.maxLocals, locals + taken);
                }
            }
            rewrite(method.instructions, instruction);
        }
    }

    /**
     * Inserts the call in front. Up to two words are doubled on the stack; else the arguments, never the receiver, go
     * through variables of their own, from {@code local} on.
     *
     * @return how many these are
     */
    private static int charge(InsnList code, MethodInsnNode call, Target charge, int local) {
        Type[] arguments = Type.getArgumentTypes(call.desc);
        boolean receiver = call.getOpcode() != Opcodes.INVOKESTATIC;
        int words = (Type.getArgumentsAndReturnSizes(call.desc) >> 2) - 1; // the arguments'
        MethodInsnNode before = new MethodInsnNode(Opcodes.INVOKESTATIC, charge.owner, charge.name, charge.descriptor);
        if (words + (receiver ? 1 : 0) <= 2) {
            code.insertBefore(call, new InsnNode(words + (receiver ? 1 : 0) == 1 ? Opcodes.DUP : Opcodes.DUP2));
            code.insertBefore(call, before);
            return 0;
        }
        int top = local + words;
        for (int i = arguments.length - 1; i >= 0; i--) {
            top -= arguments[i].getSize();
            code.insertBefore(call, new VarInsnNode(arguments[i].getOpcode(Opcodes.ISTORE), top));
        }
        if (receiver) {
            code.insertBefore(call, new InsnNode(Opcodes.DUP));
        }
        code.insertBefore(call, loads(arguments, local));
        code.insertBefore(call, before);
        code.insertBefore(call, loads(arguments, local));
        return words;
    }

    private static InsnList loads(Type[] types, int first) {
        InsnList loads = new InsnList();
        int at = first;
        for (Type type : types) {
            loads.add(new VarInsnNode(type.getOpcode(Opcodes.ILOAD), at));
            at += type.getSize();
        }
        return loads;
    }

    /** Gives each method reference that is to be charged for a method of its own, which calls what it names. */
    void unfold(ClassNode type) {
        List<MethodNode> added = new ArrayList<>();
        for (MethodNode method : type.methods) {
            for (AbstractInsnNode node : method.instructions) {
                if (!(node instanceof InvokeDynamicInsnNode dynamic)) {
                    continue;
                }
                for (int i = 0; i < dynamic.bsmArgs.length; i++) {
                    if (dynamic.bsmArgs[i] instanceof Handle handle && charged(handle)) {
                        MethodNode calling = calling(handle, "lambda$charged$" + added.size());
                        added.add(calling);
                        dynamic.bsmArgs[i] = new Handle(Opcodes.H_INVOKESTATIC, type.name, calling.name, calling.desc,
                                (type.access & Opcodes.ACC_INTERFACE) != 0);
                    }
                }
            }
        }
        type.methods.addAll(added);
    }

    private boolean charged(Handle handle) {
        return handle.getTag() >= Opcodes.H_INVOKEVIRTUAL // else it is a field's, as records have them
                && charged.contains(handle.getName())
                && charges.containsKey(key(handle.getOwner(), handle.getName(), withoutResult(handle.getDesc()),
                        handle.getTag() == Opcodes.H_INVOKESTATIC));
    }

    private static MethodNode calling(Handle handle, String name) {
        boolean isStatic = handle.getTag() == Opcodes.H_INVOKESTATIC;
        List<Type> types = new ArrayList<>(List.of(Type.getArgumentTypes(handle.getDesc())));
        if (!isStatic) {
            types.add(0, Type.getObjectType(handle.getOwner()));
        }
        Type[] all = types.toArray(Type[]::new);
        Type result = Type.getReturnType(handle.getDesc());
        MethodNode method = new MethodNode(Opcodes.ACC_PRIVATE | Opcodes.ACC_STATIC | Opcodes.ACC_SYNTHETIC, name,
                Type.getMethodDescriptor(result, all), null, null);
        int opcode = isStatic ? Opcodes.INVOKESTATIC
                : handle.isInterface() ? Opcodes.INVOKEINTERFACE : Opcodes.INVOKEVIRTUAL;
        method.instructions.add(loads(all, 0));
        method.instructions.add(new MethodInsnNode(opcode, handle.getOwner(), handle.getName(), handle.getDesc(),
                handle.isInterface()));
        method.instructions.add(new InsnNode(result.getOpcode(Opcodes.IRETURN)));
        method.maxLocals = types.stream().mapToInt(Type::getSize).sum();
        method.maxStack = method.maxLocals + 2;
        return method;
    }

    /** Rewrites one instruction of a list in place, if it is to be. */
    private void rewrite(InsnList code, AbstractInsnNode instruction) {
        if (instruction instanceof MethodInsnNode call) {
            boolean isStatic = call.getOpcode() == Opcodes.INVOKESTATIC;
            if (call.getOpcode() == Opcodes.INVOKESPECIAL) {
                construct(code, call);
                return;
            }
            Target target = replaced.contains(call.name)
                    ? targets.get(key(call.owner, call.name, call.desc, isStatic)) : null;
            if (target != null && call.owner.startsWith("java/util/regex/") && call.desc.startsWith(TEXT_ALONE)) {
                code.insertBefore(call, call(TextWork.class, "metered",
                        "(Ljava/lang/CharSequence;)Ljava/lang/CharSequence;"));
            } else if (target != null) {
                if (call.name.equals("split") && call.desc.startsWith("(Ljava/lang/String;)")) {
                    code.insertBefore(call, splitsNothing(call));
                }
                code.set(call, new MethodInsnNode(Opcodes.INVOKESTATIC, target.owner, target.name, target.descriptor));
            }
        } else if (instruction instanceof InvokeDynamicInsnNode dynamic) {
            for (int i = 0; i < dynamic.bsmArgs.length; i++) {
                if (dynamic.bsmArgs[i] instanceof Handle handle) {
                    dynamic.bsmArgs[i] = rewrite(handle);
                }
            }
        }
    }

    /** Splits the receiver by what it does not have, in front of our method: null is told of as in plain java. */
    private static InsnList splitsNothing(MethodInsnNode split) {
        InsnList code = new InsnList();
        code.add(new InsnNode(Opcodes.DUP2));
        code.add(new InsnNode(Opcodes.POP));
        code.add(new LdcInsnNode("\0"));
        code.add(new MethodInsnNode(Opcodes.INVOKEVIRTUAL, split.owner, split.name, split.desc));
        code.add(new InsnNode(Opcodes.POP));
        return code;
    }

    /** {@code new Random()} and the like: what another constructor takes (a seed, the time) is pushed before it. */
    private void construct(InsnList code, MethodInsnNode call) {
        if (!deterministic || !call.name.equals("<init>") || !call.desc.equals("()V")) {
            return;
        }
        switch (call.owner) {
            case "java/util/Random", "java/util/SplittableRandom" -> {
                call.desc = "(J)V";
                code.insertBefore(call, call(Shims.class, "seed", "()J"));
            }
            case "java/util/Date" -> {
                call.desc = "(J)V";
                code.insertBefore(call, call(Clocks.class, "currentTimeMillis", "()J"));
            }
            case "java/util/GregorianCalendar" -> {
                call.desc = "(IIIIII)V";
                for (int field = 0; field < 6; field++) {
                    code.insertBefore(call, new InsnNode(Opcodes.ICONST_0 + field));
                    code.insertBefore(call, call(Clocks.class, "field", "(I)I"));
                }
            }
            default -> { }
        }
    }

    private static MethodInsnNode call(Class<?> owner, String name, String descriptor) {
        return new MethodInsnNode(Opcodes.INVOKESTATIC, Type.getInternalName(owner), name, descriptor);
    }

    private Handle rewrite(Handle handle) {
        boolean isStatic = handle.getTag() == Opcodes.H_INVOKESTATIC;
        boolean constructor = handle.getTag() == Opcodes.H_NEWINVOKESPECIAL;
        Target target = targets.get(key(handle.getOwner(), handle.getName(), handle.getDesc(), isStatic || constructor));
        if (target == null || target.constructor != constructor) {
            return handle;
        }
        return new Handle(Opcodes.H_INVOKESTATIC, target.owner, target.name, target.descriptor, false);
    }
}
