package javabox.judge.meter;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.objectweb.asm.ClassReader;

/**
 * The jars that programs and tests see beside the JDK: the user's, for suites that are JUnit's its own, and
 * org.javatuples, ours, where a source names it. A user's jar that has the same classes stands before ours.
 */
public final class Jars {
    /** Those that this judge was started with. */
    public static final Jars GIVEN = new Jars(paths("javabox.classpath"), paths("javabox.junit"));

    /** Of JUnit, hamcrest and the tuples. */
    private static final Set<String> ROOTS = Set.of("org", "junit");
    private static final String TUPLES = "javatuples";
    private static final String LAUNCHER = "org/junit/platform/launcher/core/LauncherFactory";
    /** The jar of our own that holds the tuples, and more that nobody is to see. */
    private static final List<Path> OWN = Stream.of(System.getProperty("java.class.path", "").split(File.pathSeparator))
            .filter(entry -> entry.endsWith("program.jar")).map(Path::of).toList();

    private final List<Path> user;
    private final List<Path> withJUnit;
    private final Set<String> ofUser;
    /** JUnit's are looked into when a suite of its kind comes, or a program that may be in their way. */
    private Set<String> all;
    private final Set<String> ofJUnit = new HashSet<>();
    private Map<String, byte[]> sincere;

    private Jars(List<Path> user, List<Path> junit) {
        this.user = user;
        ofUser = classes(user);
        withJUnit = new ArrayList<>(user);
        if (!ofUser.contains(LAUNCHER)) {
            withJUnit.addAll(junit);
        }
    }

    private synchronized Set<String> all() {
        if (all == null) {
            all = classes(withJUnit);
            all.stream().filter(Jars::isJUnits).forEach(name -> ofJUnit.add(place(name)));
        }
        return all;
    }

    private static String place(String name) {
        return name.substring(0, Math.max(0, name.lastIndexOf('/')));
    }

    /** Whether a class, by its internal name, belongs to JUnit: what it throws, the tests throw. */
    static boolean isJUnits(String name) {
        return name.startsWith("org/junit/") || name.startsWith("org/hamcrest/") || name.startsWith("org/opentest4j/")
                || name.startsWith("junit/");
    }

    private static List<Path> paths(String property) {
        return Stream.of(System.getProperty(property, "").split(File.pathSeparator)).filter(path -> !path.isEmpty())
                .map(Path::of).filter(Files::isReadable).toList();
    }

    private static Set<String> classes(List<Path> jars) {
        Set<String> names = new HashSet<>();
        for (Path jar : jars) {
            try (ZipFile file = new ZipFile(jar.toFile())) {
                file.stream().map(entry -> entry.getName()).filter(name -> name.endsWith(".class"))
                        .forEach(name -> names.add(name.substring(0, name.length() - ".class".length())));
            } catch (IOException e) {
                throw new UncheckedIOException(jar + " is no jar that can be read", e);
            }
        }
        return names;
    }

    /** Classes of JUnit's that ask whether values are equal, by name, as they ask it here. */
    public synchronized Map<String, byte[]> sincere() {
        if (sincere == null) {
            sincere = new HashMap<>();
            for (Path jar : withJUnit) {
                try (ZipFile file = new ZipFile(jar.toFile())) {
                    for (ZipEntry entry : file.stream().filter(Jars::compares).toList()) {
                        byte[] changed = TestCode.sincere(new ClassReader(file.getInputStream(entry)));
                        String name = entry.getName().substring(0, entry.getName().length() - ".class".length());
                        if (changed != null) {
                            sincere.putIfAbsent(name.replace('/', '.'), changed);
                        }
                    }
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }
        }
        return sincere;
    }

    private static boolean compares(ZipEntry entry) {
        String place = entry.getName().substring(0, entry.getName().lastIndexOf('/') + 1);
        return entry.getName().endsWith(".class") && (place.equals("org/junit/") || place.equals("org/junit/internal/")
                || place.equals("org/junit/jupiter/api/") || place.startsWith("org/hamcrest/")
                || place.equals("junit/framework/"));
    }

    /** Whether a suite of JUnit's can be run. */
    public boolean hasJUnit() {
        return all().contains(LAUNCHER);
    }

    /** What javac is given for such sources. */
    public List<Path> of(Stream<String> sources, boolean junit) {
        List<Path> path = new ArrayList<>(junit ? withJUnit : user);
        if (sources.anyMatch(text -> text.contains(TUPLES))) {
            path.addAll(OWN);
        }
        return path;
    }

    /** What a program's own JVM is given. */
    public List<Path> atRun(boolean junit) {
        return junit ? withJUnit : user;
    }

    /** Whether a class, by its internal name, is in a jar or one of ours. */
    public boolean has(String name) {
        return all().contains(name) || name.startsWith("org/javatuples/");
    }

    /** Whether it is in a jar of the user's. */
    boolean isUsers(String name) {
        return ofUser.contains(name);
    }

    /** Whether no program may declare that class, by its internal name: a jar's, or one among JUnit's or ours. */
    public boolean isTaken(String name) {
        boolean own = place(name).isEmpty() && user.isEmpty();
        return !own && (all().contains(name) || ofJUnit.contains(place(name)) || place(name).equals("org/javatuples"));
    }

    /** Whether the name of some class begins with that package. */
    public boolean begins(String root) {
        return ROOTS.contains(root) || ofUser.stream().anyMatch(name -> name.startsWith(root + "/"));
    }
}
