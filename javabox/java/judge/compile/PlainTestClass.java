package javabox.judge.compile;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import javabox.judge.compile.PlainTests.AsList;
import javabox.judge.compile.PlainTests.Call;
import javabox.judge.compile.PlainTests.Case;
import javabox.judge.compile.PlainTests.Constant;
import javabox.judge.compile.PlainTests.Expression;
import javabox.judge.compile.PlainTests.Type;
import javabox.judge.compile.PlainTests.Unread;
import javabox.judge.compile.PlainTests.Variable;
import javabox.program.Program;
import org.objectweb.asm.ClassReader;
import org.objectweb.asm.ClassWriter;
import org.objectweb.asm.Label;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;
import org.objectweb.asm.tree.ClassNode;
import org.objectweb.asm.tree.MethodNode;

/**
 * Writes the class file of plain tests beside a program, instruction by instruction and line by line as javac writes it
 * (tests/javabox/forms/test_plain_tests.py compares them).
 *
 * <p>Where it is not plain what javac would make of a call it writes none: methods of one name, type variables, wildcards,
 * other types than those of {@link PlainTests}, conversions but of a constant.
 */
final class PlainTestClass {
    private static final Map<String, String> BOXES = Map.of("int", "Integer", "long", "Long", "double", "Double", "boolean",
            "Boolean", "char", "Character");
    private static final Map<String, String> LETTERS = Map.of("int", "I", "long", "J", "double", "D", "boolean", "Z",
            "char", "C");
    private static final Type OBJECT = new Type("Object", null);
    /** Of Object: a static method of such a name is not alone. */
    private static final Set<String> OF_ALL = Set.of("getClass", "hashCode", "equals", "clone", "toString", "notify",
            "notifyAll", "wait", "finalize");

    private final Map<String, ClassReader> program;
    private final String head;
    private final Map<String, ClassNode> owners = new HashMap<>();

    private MethodVisitor code;
    private Map<String, Integer> places;

    private PlainTestClass(Map<String, ClassReader> program, String head) {
        this.program = program;
        this.head = head;
    }

    /** @return the bytes of {@link Program#TESTS}; null where javac has to decide */
    static byte[] beside(Map<String, ClassReader> program, PlainTests tests) {
        for (String name : PlainTests.NAMES) {
            if (program.containsKey(name)) {
                return null;
            }
        }
        if (program.isEmpty() || program.containsKey("java") || program.containsKey(Program.TESTS)) {
            return null;
        }
        int version = program.values().iterator().next().readInt(4);
        try {
            return new PlainTestClass(program, tests.head).write(tests, version);
        } catch (Unread e) {
            return null;
        }
    }

    private byte[] write(PlainTests tests, int version) throws Unread {
        ClassWriter writer = new ClassWriter(ClassWriter.COMPUTE_MAXS);
        writer.visit(version, Opcodes.ACC_SUPER, Program.TESTS, null, "java/lang/Object", null);
        writer.visitSource(Sources.TESTS_NAME, null);
        code = writer.visitMethod(0, "<init>", "()V", null, null);
        code.visitCode();
        line(tests.line);
        code.visitVarInsn(Opcodes.ALOAD, 0);
        code.visitMethodInsn(Opcodes.INVOKESPECIAL, "java/lang/Object", "<init>", "()V", false);
        code.visitInsn(Opcodes.RETURN);
        end();
        for (int i = 0; i < tests.cases.size(); i++) {
            code = writer.visitMethod(Opcodes.ACC_STATIC, "c" + i, "()Ljava/lang/Object;", null,
                    new String[] {"java/lang/Throwable"});
            code.visitCode();
            write(tests.cases.get(i));
            end();
        }
        writer.visitEnd();
        return writer.toByteArray();
    }

    private void line(int line) {
        Label here = new Label();
        code.visitLabel(here);
        code.visitLineNumber(line, here);
    }

    private void end() {
        code.visitMaxs(0, 0);
        code.visitEnd();
    }

    private void write(Case test) throws Unread {
        places = new HashMap<>();
        Map<String, Type> types = new HashMap<>();
        int next = 0;
        for (Variable variable : test.variables()) {
            line(variable.line());
            if (variable.value() instanceof Call call) {
                give(call(call), variable.type());
            } else {
                push(variable.value(), variable.type());
            }
            places.put(variable.name(), next);
            types.put(variable.name(), variable.type());
            code.visitVarInsn(opcode(variable.type(), Opcodes.ISTORE), next);
            next += wide(variable.type()) ? 2 : 1;
        }
        line(test.line());
        Type handed;
        if (test.call() != null) {
            handed = call(test.call());
        } else {
            handed = types.get(test.name());
            PlainTests.require(handed != null);
            code.visitVarInsn(opcode(handed, Opcodes.ILOAD), places.get(test.name()));
        }
        box(handed);
        code.visitInsn(Opcodes.ARETURN);
    }

    private static boolean wide(Type type) {
        return type.name().equals("long") || type.name().equals("double");
    }

    private static int opcode(Type type, int ofInt) {
        int further = switch (type.name()) {
            case "int", "boolean", "char" -> 0;
            case "long" -> 1;
            case "double" -> 3;
            default -> 4;
        };
        return ofInt + further;
    }

    private void box(Type type) {
        if (type.primitive()) {
            String box = "java/lang/" + BOXES.get(type.name());
            String descriptor = "(" + LETTERS.get(type.name()) + ")L" + box + ";";
            code.visitMethodInsn(Opcodes.INVOKESTATIC, box, "valueOf", descriptor, false);
        }
    }

    /** Makes what a call gave what a variable is declared as. */
    private void give(Type given, Type declared) throws Unread {
        if (declared.equals(OBJECT)) {
            box(given);
        } else {
            PlainTests.require(given.equals(declared) && !(given.name().equals("List") && given.of() == null));
        }
    }

    // ---- calls

    /** @return what it gives */
    private Type call(Call call) throws Unread {
        PlainTests.require(program.containsKey(call.owner()) && !head.contains("." + call.owner() + ";"));
        ClassNode owner = owners.computeIfAbsent(call.owner(), name -> {
            ClassNode read = new ClassNode();
            program.get(name).accept(read, ClassReader.SKIP_CODE | ClassReader.SKIP_DEBUG | ClassReader.SKIP_FRAMES);
            return read;
        });
        PlainTests.require((owner.access & Opcodes.ACC_INTERFACE) == 0 && owner.superName.equals("java/lang/Object")
                && !OF_ALL.contains(call.method()));
        MethodNode found = null;
        for (MethodNode method : owner.methods) {
            if (method.name.equals(call.method())) {
                PlainTests.require(found == null);
                found = method;
            }
        }
        int unfit = Opcodes.ACC_PRIVATE | Opcodes.ACC_VARARGS | Opcodes.ACC_SYNTHETIC;
        PlainTests.require(found != null && (found.access & Opcodes.ACC_STATIC) != 0 && (found.access & unfit) == 0);
        Signature signature = new Signature(found.signature == null ? found.desc : found.signature);
        List<Type> parameters = signature.parameters();
        PlainTests.require(parameters.size() == call.arguments().size());
        for (int i = 0; i < parameters.size(); i++) {
            push(call.arguments().get(i), parameters.get(i));
        }
        code.visitMethodInsn(Opcodes.INVOKESTATIC, call.owner(), found.name, found.desc, false);
        return signature.type();
    }

    /** Reads the types of a method. */
    private static final class Signature {
        private static final Map<String, String> WORDS = Map.of("I", "int", "J", "long", "D", "double", "Z", "boolean",
                "C", "char");
        private final String text;
        private int at = 1;

        Signature(String text) throws Unread {
            this.text = text;
            PlainTests.require(text.startsWith("("));
        }

        List<Type> parameters() throws Unread {
            List<Type> types = new ArrayList<>();
            while (text.charAt(at) != ')') {
                types.add(type());
            }
            at++;
            return types;
        }

        Type type() throws Unread {
            String word = WORDS.get(text.substring(at, at + 1));
            if (word != null) {
                at++;
                return new Type(word, null);
            }
            if (text.startsWith("Ljava/util/List<", at)) {
                at += "Ljava/util/List<".length();
                Type of = type();
                PlainTests.require(!of.primitive() && text.startsWith(">;", at));
                at += 2;
                return new Type("List", of);
            }
            int end = text.indexOf(';', at);
            PlainTests.require(end > 0);
            String name = text.substring(at, end);
            at = end + 1;
            if (name.equals("Ljava/util/List")) {
                return new Type("List", null);
            }
            String simple = name.startsWith("Ljava/lang/") ? name.substring("Ljava/lang/".length()) : "";
            PlainTests.require(simple.equals("Object") || simple.equals("String") || BOXES.containsValue(simple));
            return new Type(simple, null);
        }
    }

    // ---- constants and lists

    private void push(Expression value, Type target) throws Unread {
        if (value instanceof AsList list) {
            push(list, target);
        } else if (value instanceof Constant constant) {
            push(constant.value(), target);
        } else {
            throw new Unread();
        }
    }

    private void push(Object value, Type target) throws Unread {
        switch (target.name()) {
            case "int" -> number((Integer) of(value, Integer.class));
            case "boolean" -> number((Boolean) of(value, Boolean.class) ? 1 : 0);
            case "char" -> number((Character) of(value, Character.class));
            case "long" -> number(value instanceof Integer whole ? (long) whole : (Long) of(value, Long.class));
            case "double" -> number(value instanceof Integer whole ? (double) whole : (Double) of(value, Double.class));
            case "String" -> code.visitLdcInsn(of(value, String.class));
            default -> {
                Type own = typeOf(value);
                PlainTests.require(target.equals(OBJECT) || target.name().equals(BOXES.get(own.name())));
                push(value, own);
                box(own);
            }
        }
    }

    private static Object of(Object value, Class<?> type) throws Unread {
        PlainTests.require(type.isInstance(value));
        return value;
    }

    private static Type typeOf(Object value) {
        return new Type(value instanceof Integer ? "int" : value instanceof Long ? "long" : value instanceof Double ? "double"
                : value instanceof Boolean ? "boolean" : value instanceof Character ? "char" : "String", null);
    }

    private void number(int value) {
        if (value >= -1 && value <= 5) {
            code.visitInsn(Opcodes.ICONST_0 + value);
        } else if (value == (byte) value) {
            code.visitIntInsn(Opcodes.BIPUSH, value);
        } else if (value == (short) value) {
            code.visitIntInsn(Opcodes.SIPUSH, value);
        } else {
            code.visitLdcInsn(value);
        }
    }

    private void number(long value) {
        if (value == 0 || value == 1) {
            code.visitInsn(value == 0 ? Opcodes.LCONST_0 : Opcodes.LCONST_1);
        } else {
            code.visitLdcInsn(value);
        }
    }

    private void number(double value) {
        if (value == 1 || Double.doubleToRawLongBits(value) == 0) {
            code.visitInsn(value == 1 ? Opcodes.DCONST_1 : Opcodes.DCONST_0);
        } else {
            code.visitLdcInsn(value);
        }
    }

    private void push(AsList list, Type target) throws Unread {
        boolean declared = target.name().equals("List") && target.of() != null;
        PlainTests.require(declared || target.name().equals("List") || target.equals(OBJECT));
        Type of = declared ? target.of() : inferred(list);
        number(list.items().size());
        code.visitTypeInsn(Opcodes.ANEWARRAY, (of.name().equals("List") ? "java/util/" : "java/lang/") + of.name());
        for (int i = 0; i < list.items().size(); i++) {
            code.visitInsn(Opcodes.DUP);
            number(i);
            push(list.items().get(i), of);
            code.visitInsn(Opcodes.AASTORE);
        }
        code.visitMethodInsn(Opcodes.INVOKESTATIC, "java/util/Arrays", "asList", "([Ljava/lang/Object;)Ljava/util/List;",
                false);
    }

    /** What the items are, where nothing asks for a type: all the same, or it is not plain. */
    private static Type inferred(AsList list) throws Unread {
        Type common = null;
        for (Expression item : list.items()) {
            Type own;
            if (item instanceof AsList inner) {
                own = new Type("List", inferred(inner));
            } else {
                Type type = typeOf(((Constant) item).value());
                own = type.primitive() ? new Type(BOXES.get(type.name()), null) : type;
            }
            PlainTests.require(common == null || common.equals(own));
            common = own;
        }
        return common == null ? OBJECT : common;
    }
}
