package javabox.judge.meter;

import java.util.List;
import java.util.Set;
import org.objectweb.asm.ClassReader;
import org.objectweb.asm.Opcodes;

/**
 * The scan that admits programs to the warm lane: those whose class files name nothing but what is listed here.
 *
 * <p>An allow-list over the constant pool, so whatever way a name is used (call, type, method reference,
 * constant), it is seen. What is not listed goes to the strict lane and is judged there all the same: the list
 * decides speed and never an outcome, so when in doubt a name is left out. The names of dangerous methods are
 * refused whatever their owner, since a program's own subclass can be named as the owner of an inherited one.
 */
final class Scan {
    private static final Set<String> PACKAGES = Set.of("java/util/function", "java/util/regex", "java/util/stream",
            "java/math", "java/text", "java/time", "java/time/format", "java/time/temporal", "java/time/chrono",
            "java/nio/charset", "java/util/concurrent/atomic", "java/lang/annotation", "org/javatuples");

    private static final Set<String> NOT_OF_UTIL = Set.of("Timer", "TimerTask", "ServiceLoader", "ResourceBundle",
            "PropertyResourceBundle", "ListResourceBundle", "WeakHashMap", "ServiceConfigurationError");

    private static final Set<String> CONCURRENT = Set.of("ConcurrentHashMap", "ConcurrentMap", "ConcurrentSkipListMap",
            "ConcurrentSkipListSet", "ConcurrentNavigableMap", "ConcurrentLinkedQueue", "ConcurrentLinkedDeque",
            "CopyOnWriteArrayList", "CopyOnWriteArraySet", "ThreadLocalRandom", "TimeUnit", "Callable");

    private static final Set<String> LANG = Set.of("Object", "String", "StringBuilder", "StringBuffer", "Math",
            "StrictMath", "Integer", "Long", "Short", "Byte", "Double", "Float", "Boolean", "Character", "Number",
            "Void", "Enum", "Record", "Iterable", "Comparable", "CharSequence", "Cloneable", "AutoCloseable",
            "Runnable", "Throwable", "StackTraceElement", "System", "Class", "Override", "FunctionalInterface",
            "SafeVarargs", "Deprecated", "SuppressWarnings", "Appendable", "Readable", "AssertionError");

    private static final Set<String> IO = Set.of("PrintStream", "PrintWriter", "StringWriter", "StringReader",
            "BufferedReader", "BufferedWriter", "InputStreamReader", "OutputStreamWriter", "InputStream",
            "OutputStream", "Reader", "Writer", "ByteArrayInputStream", "ByteArrayOutputStream", "Serializable",
            "Closeable", "Flushable", "BufferedInputStream", "BufferedOutputStream", "DataInputStream",
            "DataOutputStream", "StreamTokenizer");

    private static final Set<String> OF_SYSTEM = Set.of("out", "err", "in", "currentTimeMillis", "nanoTime",
            "arraycopy", "identityHashCode", "lineSeparator");

    private static final Set<String> OF_CLASS = Set.of("getName", "getSimpleName", "getTypeName", "toString", "equals",
            "hashCode", "isInstance", "cast", "desiredAssertionStatus", "getComponentType", "isArray",
            "getEnumConstants", "isInterface", "isEnum", "isRecord", "getSuperclass");

    private static final String THREAD = "java/lang/Thread";

    /** Of the thread that the program runs on: its interrupted status is taken back after each program. */
    private static final Set<String> OF_THREAD = Set.of("currentThread", "interrupt", "isInterrupted", "interrupted");

    /** Ways to files and processes among what may also run threads. */
    private static final List<String> FILES = List.of("java/lang/reflect/", "java/lang/invoke/", "java/lang/Runtime");

    /** How code is linked; a program can't call these by itself, having no Lookup. */
    private static final Set<String> LINKAGE = Set.of("java/lang/invoke/LambdaMetafactory",
            "java/lang/invoke/StringConcatFactory", "java/lang/runtime/ObjectMethods",
            "java/lang/runtime/SwitchBootstraps");

    /** Named as types by every class that has a lambda. */
    private static final Set<String> MENTIONED = Set.of("java/lang/invoke/MethodHandles",
            "java/lang/invoke/MethodHandles$Lookup", "java/lang/invoke/CallSite", "java/lang/invoke/MethodHandle",
            "java/lang/invoke/MethodType", "java/lang/invoke/TypeDescriptor");

    private static final Set<String> REFUSED_MEMBERS = Set.of("wait", "notify", "notifyAll", "finalize", "intern",
            "setDefault", "parallel", "parallelStream", "parallelSort", "parallelPrefix", "parallelSetAll",
            "parallelMultiply", "mapConcurrent", "sleep",
            "timedWait", "timedJoin", "getClassLoader", "getModule", "spliterator", "forEachKey", "reduceKeys",
            "searchKeys", "onSpinWait");

    /** Random numbers that can't be seeded, the machine's state, other processes, files, the garbage collector. */
    private static final List<String> CHANCE = List.of("java/security/", "java/lang/Process", "java/lang/ref/",
            "java/util/WeakHashMap", "java/lang/management/", "java/net/", "java/nio/file/", "java/nio/channels/",
            "java/io/File", "java/io/RandomAccessFile");

    /** Why the program is not admitted, in words; null if it is. */
    private String refusal;
    /** Whether it may run code on several threads. */
    private boolean threads;
    /** Whether it may look at classes, and see what was added to its own, or call anything by name. */
    private boolean reflects;
    /** Whether it names what no shim makes the same in every run. */
    private boolean chance;
    /** Whether it may write a file or start a process: whatever is refused for more than its threads. */
    private boolean files;
    private final Set<String> own;
    private final boolean pinned;
    private final boolean exits;

    /**
     * @param own the internal names of the program's classes and of its tests
     * @param pinned whether sleeping moves a clock and waits for nothing (runtime/Clocks)
     * @param exits whether an exit ends the program alone (runtime/Exits)
     */
    Scan(Set<String> own, boolean pinned, boolean exits) {
        this.own = own;
        this.pinned = pinned;
        this.exits = exits;
    }

    String refusal() {
        return refusal;
    }

    boolean threads() {
        return threads;
    }

    boolean files() {
        return files;
    }

    boolean reflects() {
        return reflects;
    }

    boolean chance() {
        return chance || threads || reflects;
    }

    /** Looks at one class; what it finds adds up. */
    void add(ClassReader reader) {
        char[] buffer = new char[reader.getMaxStringLength()];
        if (reader.getClassName().startsWith("java") || reader.getClassName().startsWith("jdk/")) {
            refuse(reader.getClassName());
        }
        for (int i = 1; i < reader.getItemCount(); i++) {
            int item = reader.getItem(i);
            if (item == 0) {
                continue; // the second half of a long or a double
            }
            int tag = reader.readByte(item - 1);
            if (tag == 7) {
                type(reader.readUTF8(item, buffer));
            } else if (tag >= 9 && tag <= 11) {
                int nameAndType = reader.getItem(reader.readUnsignedShort(item + 2));
                member(reader.readClass(item, buffer), reader.readUTF8(nameAndType, buffer),
                        reader.readUTF8(nameAndType + 2, buffer));
            }
        }
    }

    /** Looks at a method that the program declares. */
    void declared(String name, String descriptor, int access) {
        if ((access & Opcodes.ACC_NATIVE) != 0 || name.equals("finalize") && descriptor.equals("()V")) {
            refuse(name);
        }
    }

    private void refuse(String what) {
        if (refusal == null) {
            refusal = what;
        }
    }

    private void type(String name) {
        String element = name;
        if (name.startsWith("[")) {
            element = name.substring(name.lastIndexOf('[') + 1);
            if (!element.startsWith("L")) {
                return;
            }
            element = element.substring(1, element.length() - 1);
        }
        if (!allowed(element) && !MENTIONED.contains(element) && !element.equals(THREAD)) {
            refuse(element);
            threads |= runsThreads(element);
            boolean harmless = runsThreads(element) && FILES.stream().noneMatch(element::startsWith);
            files |= !harmless && !checksOnly(element);
            reflects |= element.startsWith("java/lang/reflect/") || element.startsWith("java/lang/invoke/");
            // What a user's jar asks for is not looked at.
            chance |= CHANCE.stream().anyMatch(element::startsWith) || Jars.GIVEN.isUsers(element);
        }
    }

    /** What tests name of JUnit and that writes no file: assertions and annotations. */
    private static boolean checksOnly(String type) {
        String place = type.substring(0, type.lastIndexOf('/') + 1);
        return place.equals("org/junit/") || place.equals("org/junit/jupiter/api/") || place.startsWith("org/hamcrest/")
                || place.startsWith("org/junit/jupiter/params/") || place.startsWith("org/opentest4j/")
                || place.equals("org/junit/jupiter/api/function/") || type.equals("org/junit/runner/RunWith")
                || type.equals("org/junit/runners/Parameterized");
    }

    private static boolean runsThreads(String type) {
        return type.startsWith("java/lang/Thread") || type.startsWith("java/util/concurrent/")
                || type.startsWith("java/util/Timer") || type.startsWith("java/lang/reflect/")
                || type.startsWith("java/lang/invoke/") || type.equals("java/lang/Runtime");
    }

    private void member(String owner, String name, String descriptor) {
        if (pinned && name.equals("sleep") && (owner.equals(THREAD) || owner.equals("java/util/concurrent/TimeUnit"))) {
            return;
        }
        if (REFUSED_MEMBERS.contains(name)) {
            refuse(name);
            threads |= name.startsWith("parallel") || name.equals("mapConcurrent");
            return;
        }
        if (bulk(owner, name, descriptor)) {
            refuse(name);
            threads = true;
            return;
        }
        if (own.contains(owner) || owner.startsWith("[") || LINKAGE.contains(owner)) {
            return;
        }
        boolean known = switch (owner) {
            case "java/lang/System" -> OF_SYSTEM.contains(name) || exits && name.equals("exit");
            case THREAD -> OF_THREAD.contains(name);
            case "java/lang/Class" -> OF_CLASS.contains(name);
            // These open the file that the first string names.
            case "java/io/PrintStream", "java/io/PrintWriter", "java/util/Formatter" ->
                !(name.equals("<init>") && descriptor.startsWith("(Ljava/lang/String;"));
            default -> allowed(owner);
        };
        if (!known) {
            refuse(owner + "." + name);
            threads |= name.startsWith("assertTimeoutPreemptively");
            threads |= owner.equals("java/lang/Class") || owner.equals(THREAD);
            files |= !owner.equals(THREAD) && !checksOnly(owner);
            reflects |= owner.equals("java/lang/Class");
        }
    }

    /** ConcurrentHashMap's operations with a threshold for parallelism in front, of a subclass too. */
    private boolean bulk(String owner, String name, String descriptor) {
        boolean map = owner.equals("java/util/concurrent/ConcurrentHashMap") || own.contains(owner);
        return map && descriptor.startsWith("(JL")
                && (name.startsWith("forEach") || name.startsWith("reduce") || name.startsWith("search"));
    }

    private boolean allowed(String type) {
        if (own.contains(type)) {
            return true;
        }
        int slash = type.lastIndexOf('/');
        String place = type.substring(0, Math.max(0, slash));
        String name = type.substring(slash + 1);
        String outer = name.contains("$") ? name.substring(0, name.indexOf('$')) : name;
        return switch (place) {
            case "java/lang" -> LANG.contains(outer) || isThrowable(name) || LINKAGE.contains(type);
            case "java/util" -> !NOT_OF_UTIL.contains(outer);
            case "java/io" -> IO.contains(outer) || isThrowable(name);
            case "java/util/concurrent" -> CONCURRENT.contains(outer) || isThrowable(name);
            default -> PACKAGES.contains(place) || LINKAGE.contains(type);
        };
    }

    private static boolean isThrowable(String name) {
        return name.endsWith("Exception") || name.endsWith("Error");
    }
}
