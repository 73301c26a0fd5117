package javabox.program;

import java.net.URL;
import java.net.URLClassLoader;
import java.security.CodeSource;
import java.security.ProtectionDomain;
import java.security.cert.Certificate;
import java.util.Map;

/**
 * The program's classes and its tests', then those of jars, over the JDK's: it sees no class of the judge by name but
 * the runtime's and the tuples. One loader for all of them, as one class path has.
 */
final class ProgramLoader extends URLClassLoader {
    private static final String RUNTIME = "javabox.runtime.";
    private static final String TUPLES = "org.javatuples.";
    /** One for all programs: the JVM keeps a list of who has seen which class of the JDK, and walks through it. */
    private static final ProtectionDomain DOMAIN = new ProtectionDomain(
            new CodeSource(null, (Certificate[]) null), null);

    private final Map<String, byte[]> classes;
    private final boolean jars;
    private final boolean ownTuples;

    ProgramLoader(Map<String, byte[]> classes, URL[] jars) {
        super(jars, ClassLoader.getPlatformClassLoader());
        this.classes = classes;
        this.jars = jars.length > 0;
        ownTuples = !this.jars || findResource("org/javatuples/Tuple.class") == null;
    }

    /** To ask the JDK's loaders for what only this one can have costs an exception each time. */
    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
        if (name.startsWith(RUNTIME) || name.startsWith(TUPLES) && ownTuples) {
            return Class.forName(name, false, ProgramLoader.class.getClassLoader());
        }
        if (name.indexOf('.') >= 0) {
            return super.loadClass(name, resolve);
        }
        synchronized (getClassLoadingLock(name)) {
            Class<?> loaded = findLoadedClass(name);
            return loaded == null ? findClass(name) : loaded;
        }
    }

    @Override
    protected Class<?> findClass(String name) throws ClassNotFoundException {
        byte[] bytes = classes.get(name);
        if (bytes != null) {
            return defineClass(name, bytes, 0, bytes.length, DOMAIN);
        }
        if (jars) {
            return super.findClass(name);
        }
        throw new ClassNotFoundException(name);
    }
}
