package javabox.program;

import java.io.IOException;
import java.lang.reflect.Array;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Runs JUnit's test classes by its own launcher (JUnit Platform, which runs JUnit 4 by its vintage engine) and hears
 * from it how each test method ended.
 *
 * <p>What it hears counts only on the thread that runs the suite, and only where no code of the program is on the
 * stack: a program that comes upon the listener can't speak to it. All that the launcher had found must have ended, one
 * way or other. JUnit's settings are its own: none comes from system properties or files. It is called by reflection,
 * since it is not there when this is compiled.
 */
final class TestClasses implements InvocationHandler {
    private static final String ENGINE = "org.junit.platform.engine.";
    private static final String LAUNCHER = "org.junit.platform.launcher.";

    /** Who is told of each test method. */
    interface Told {
        /** The names of the test methods that are known before they run; one that makes several is one. */
        void found(List<String> names) throws IOException;

        /** @param thrown null unless it failed, or gave itself up as nothing to be tested */
        void of(byte status, String name, String reason, Throwable thrown) throws IOException;
    }

    private final ClassLoader loader;
    private final Set<String> program;
    private final Told told;
    private final Thread runner = Thread.currentThread();
    private final Set<String> ended = new HashSet<>();
    private final Map<String, Integer> names = new HashMap<>();
    private Object plan;
    private Object successful;
    private Object failed;
    private IOException trouble;
    private boolean forged;

    /** @param program the names of the program's classes */
    TestClasses(ClassLoader loader, Set<String> program, Told told) {
        this.loader = loader;
        this.program = program;
        this.told = told;
    }

    /** @return whether all that was to run has ended, as far as JUnit says and may be believed */
    boolean run(List<String> classes) throws Throwable {
        Class<?> status = type(ENGINE + "TestExecutionResult$Status");
        successful = status.getField("SUCCESSFUL").get(null);
        failed = status.getField("FAILED").get(null);
        Class<?> listener = type(LAUNCHER + "TestExecutionListener");
        Object listeners = Array.newInstance(listener, 1);
        Array.set(listeners, 0, Proxy.newProxyInstance(loader, new Class<?>[] {listener}, this));
        Object launcher = launcher();
        Class<?> requested = type(LAUNCHER + "LauncherDiscoveryRequest");
        call(type(LAUNCHER + "Launcher").getMethod("execute", requested, listeners.getClass()), launcher, request(classes),
                listeners);
        if (trouble != null) {
            throw trouble;
        }
        return plan != null && !forged && unended(roots()).isEmpty();
    }

    private Class<?> type(String name) throws ClassNotFoundException {
        return Class.forName(name, true, loader);
    }

    private static Object call(Method method, Object owner, Object... arguments) throws Throwable {
        try {
            return method.invoke(owner, arguments);
        } catch (InvocationTargetException e) {
            throw e.getTargetException();
        }
    }

    private static Object ask(Object owner, String method) throws Throwable {
        return call(owner.getClass().getMethod(method), owner);
    }

    /** With its engines, and nothing else of what a class path may bring along. */
    private Object launcher() throws Throwable {
        Class<?> config = type(LAUNCHER + "core.LauncherConfig");
        Object builder = call(config.getMethod("builder"), null);
        for (Method method : builder.getClass().getMethods()) {
            boolean automatic = method.getName().matches("enable(?!TestEngine)\\w+AutoRegistration");
            if (automatic && method.getParameterCount() == 1 && method.getParameterTypes()[0] == boolean.class) {
                call(method, builder, false);
            }
        }
        return call(type(LAUNCHER + "core.LauncherFactory").getMethod("create", config), null, ask(builder, "build"));
    }

    private Object request(List<String> classes) throws Throwable {
        Method select = type(ENGINE + "discovery.DiscoverySelectors").getMethod("selectClass", Class.class);
        Class<?> request = type(LAUNCHER + "core.LauncherDiscoveryRequestBuilder");
        Object builder = call(request.getMethod("request"), null);
        List<Object> selectors = new ArrayList<>();
        for (String name : classes) {
            selectors.add(call(select, null, Class.forName(name, false, loader)));
        }
        call(request.getMethod("selectors", List.class), builder, selectors);
        call(request.getMethod("enableImplicitConfigurationParameters", boolean.class), builder, false);
        return ask(builder, "build");
    }

    @Override
    public Object invoke(Object proxy, Method method, Object[] arguments) throws Throwable {
        switch (method.getName()) {
            case "equals" -> {
                return proxy == arguments[0];
            }
            case "hashCode" -> {
                return 1;
            }
            case "toString" -> {
                return "javabox";
            }
            default -> {
                if (Thread.currentThread() != runner || byProgram()) {
                    forged = true;
                } else if (trouble == null) {
                    hear(method.getName(), arguments);
                }
                return null;
            }
        }
    }

    /** Whether a frame of the program's is on the stack. */
    private boolean byProgram() {
        return StackWalker.getInstance().walk(frames -> frames.anyMatch(frame -> program.contains(frame.getClassName())));
    }

    private void hear(String event, Object[] arguments) throws Throwable {
        try {
            switch (event) {
                case "testPlanExecutionStarted" -> {
                    plan = arguments[0];
                    told.found(methods());
                }
                case "executionSkipped" -> {
                    end(arguments[0], Frames.SKIPPED, (String) arguments[1], null);
                }
                case "executionFinished" -> finished(arguments[0], arguments[1]);
                default -> {
                    return; // it begins, or is found
                }
            }
        } catch (IOException e) {
            trouble = e;
        }
    }

    private void finished(Object id, Object result) throws Throwable {
        Object status = ask(result, "getStatus");
        Throwable thrown = (Throwable) ((Optional<?>) ask(result, "getThrowable")).orElse(null);
        if (status == successful) {
            if (isTest(id)) {
                end(id, Frames.SUCCEEDED, "", null);
            } else {
                ended.add(unique(id));
            }
        } else if (status == failed) {
            end(id, Frames.FAILED, "", thrown == null ? new AssertionError() : thrown);
        } else {
            end(id, Frames.SKIPPED, "aborted", thrown);
        }
    }

    /** A test, or all that is left below a container; where nothing is, the container itself. */
    private void end(Object id, byte status, String reason, Throwable thrown) throws Throwable {
        List<Object> below = unended(List.of(id));
        List<Object> tests = new ArrayList<>();
        for (Object one : below) {
            ended.add(unique(one));
            if (isTest(one)) {
                tests.add(one);
            }
        }
        for (Object test : tests.isEmpty() ? List.of(id) : tests) {
            told.of(status, name(test), reason == null ? "" : reason, thrown);
        }
    }

    private List<String> methods() throws Throwable {
        List<String> methods = new ArrayList<>();
        for (Object id : unended(roots())) {
            if (isTest(id) || methodSource(id) != null) {
                methods.add(called(id));
            }
        }
        return methods;
    }

    private List<Object> roots() throws Throwable {
        return new ArrayList<>((Set<?>) ask(plan, "getRoots"));
    }

    /** Of these and all below them what has not ended. */
    private List<Object> unended(List<?> from) throws Throwable {
        Method descendants = plan.getClass().getMethod("getDescendants", type(LAUNCHER + "TestIdentifier"));
        List<Object> left = new ArrayList<>();
        for (Object id : from) {
            List<Object> all = new ArrayList<>(List.of(id));
            all.addAll((Set<?>) call(descendants, plan, id));
            for (Object one : all) {
                if (!ended.contains(unique(one))) {
                    left.add(one);
                }
            }
        }
        return left;
    }

    private static String unique(Object id) throws Throwable {
        return (String) ask(id, "getUniqueId");
    }

    private static boolean isTest(Object id) throws Throwable {
        return (boolean) ask(id, "isTest");
    }

    /** The class and the method, and which invocation of it: {@code AddTest.adds}, {@code AddTest.adds(int)[2]}. */
    private String name(Object id) throws Throwable {
        String name = called(id);
        int count = names.merge(name, 1, Integer::sum);
        return count == 1 ? name : name + "#" + count;
    }

    private static String called(Object id) throws Throwable {
        String name = ((String) ask(id, "getLegacyReportingName")).replace("()", "");
        Object source = methodSource(id);
        if (source == null) {
            return name;
        }
        String type = (String) ask(source, "getClassName");
        return type.substring(type.lastIndexOf('.') + 1).replace(Program.RENAMED, "") + "." + name;
    }

    private static Object methodSource(Object id) throws Throwable {
        Object source = ((Optional<?>) ask(id, "getSource")).orElse(null);
        boolean ofMethod = source != null && source.getClass().getName().equals(ENGINE + "support.descriptor.MethodSource");
        return ofMethod ? source : null;
    }
}
