package javabox.judge;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javabox.program.Values;

/**
 * The expected values of a suite, evaluated once, in the judge, apart from any program.
 *
 * <p>The expressions are the user's own, as trusted as the judge's code: they run here, with no limit.
 */
final class Expected {
    private static final int SUITES_KEPT = 8192;

    /** A suite whose expected values do not compile or do not evaluate. */
    static final class Broken extends Exception {
        private static final long serialVersionUID = 1;

        Broken(String message) {
            super(message);
        }
    }

    private final Map<Job.Suite, Values.Sized[]> kept = Collections.synchronizedMap(
            new LinkedHashMap<>(256, 0.75f, true) {
                private static final long serialVersionUID = 1;

                @Override
                protected boolean removeEldestEntry(Map.Entry<Job.Suite, Values.Sized[]> eldest) {
                    return size() > SUITES_KEPT;
                }
            });

    /** @return one decoded value a case; null where a case expects nothing */
    Values.Sized[] of(Job.Suite suite, Compiler compiler) throws Broken {
        Values.Sized[] values = kept.get(suite);
        if (values == null) {
            values = evaluate(suite, compiler);
            kept.put(suite, values);
        }
        return values;
    }

    private static Values.Sized[] evaluate(Job.Suite suite, Compiler compiler) throws Broken {
        Values.Sized[] values = new Values.Sized[suite.cases().size()];
        if (suite.cases().stream().allMatch(c -> c.expected() == null)) {
            return values;
        }
        Compiler.Result compiled = compiler.compile(List.of(Sources.expected(suite)));
        if (!compiled.ok()) {
            throw new Broken("an expected value does not compile: " + compiled.errors().get(0).getMessage(null));
        }
        ClassLoader loader = new ClassLoader(ClassLoader.getPlatformClassLoader()) {
            @Override
            protected Class<?> findClass(String name) throws ClassNotFoundException {
                byte[] bytes = compiled.classes().get(name);
                if (bytes == null) {
                    throw new ClassNotFoundException(name);
                }
                return defineClass(name, bytes, 0, bytes.length);
            }
        };
        for (int i = 0; i < values.length; i++) {
            Job.Case test = suite.cases().get(i);
            if (test.expected() == null) {
                continue;
            }
            try {
                Method method = Class.forName("Expected", true, loader).getDeclaredMethod("e" + i);
                method.setAccessible(true);
                byte[] encoded = Values.encode(method.invoke(null));
                values[i] = new Values.Sized(Values.decode(encoded), encoded.length);
            } catch (InvocationTargetException e) {
                throw new Broken("the expected value of case " + test.name() + " throws " + e.getTargetException());
            } catch (ReflectiveOperationException | java.io.IOException e) {
                throw new Broken("the expected value of case " + test.name() + ": " + e);
            }
        }
        return values;
    }
}
