package javabox.judge;

import java.lang.reflect.Method;
import java.util.HashMap;
import java.util.Map;
import javabox.runtime.Clocks;
import javabox.runtime.CollectionWork;
import javabox.runtime.NumberWork;
import javabox.runtime.Replaces;
import javabox.runtime.Shims;
import javabox.runtime.TextWork;
import org.objectweb.asm.Handle;
import org.objectweb.asm.Opcodes;
import org.objectweb.asm.Type;
import org.objectweb.asm.tree.AbstractInsnNode;
import org.objectweb.asm.tree.InsnList;
import org.objectweb.asm.tree.InsnNode;
import org.objectweb.asm.tree.InvokeDynamicInsnNode;
import org.objectweb.asm.tree.MethodInsnNode;

/**
 * Calls into the JDK that go to a method of ours instead: those whose work is large and hidden in the JDK
 * ({@link TextWork} and its like), and those that would let chance or a clock in ({@link Shims}, {@link Clocks}). The methods themselves say what
 * they replace; an instance method becomes a static one with the receiver in front, so the stack stays as it is.
 * Method references are rewritten the same way.
 */
final class CallSites {
    /** Owner, name and descriptor of the call, static or not, to the method that replaces it. */
    private record Target(String owner, String name, String descriptor, boolean constructor) {}

    private static final String RESTACKING = "([Ljava/lang/StackTraceElement;)V";

    private final Map<String, Target> targets = new HashMap<>();
    private final boolean deterministic;

    /** @param deterministic whether chance and clocks are replaced too */
    CallSites(boolean deterministic) {
        this.deterministic = deterministic;
        collect(TextWork.class);
        collect(CollectionWork.class);
        collect(NumberWork.class);
        if (deterministic) {
            collect(Shims.class);
            collect(Clocks.class);
        }
    }

    private void collect(Class<?> shims) {
        for (Method method : shims.getDeclaredMethods()) {
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
                targets.put(key(internal, name, original, replaced.isStatic()),
                        new Target(Type.getInternalName(shims), method.getName(), descriptor, constructor));
            }
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

    /** Rewrites one instruction of a list in place, if it is to be. */
    void rewrite(InsnList code, AbstractInsnNode instruction) {
        if (instruction instanceof MethodInsnNode call) {
            boolean isStatic = call.getOpcode() == Opcodes.INVOKESTATIC;
            if (call.getOpcode() == Opcodes.INVOKESPECIAL) {
                construct(code, call);
                return;
            }
            if (restacks(call)) {
                code.set(call, call(Shims.class, call.name, "(Ljava/lang/Throwable;[Ljava/lang/StackTraceElement;)V"));
                return;
            }
            Target target = targets.get(key(call.owner, call.name, call.desc, isStatic));
            if (target != null) {
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

    /** Whether an exception of the JDK's gets another stack trace, whatever subclass is named. */
    private static boolean restacks(MethodInsnNode call) {
        return call.name.equals("setStackTrace") && call.desc.equals(RESTACKING) && call.owner.startsWith("java/")
                && (call.owner.endsWith("Throwable") || call.owner.endsWith("Exception") || call.owner.endsWith("Error"));
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
