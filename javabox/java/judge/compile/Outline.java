package javabox.judge.compile;

import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.Tree;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import javax.lang.model.element.Modifier;

/**
 * What a source declares at its top: its package and its types, in their order. Of what does not parse, what javac
 * makes of it.
 *
 * @param packageName empty for the unnamed one
 */
record Outline(String packageName, List<Type> types) {
    private static final int KEPT = 2048;
    private static final Map<String, Outline> TEXTS = LruCache.holding(KEPT);

    /** A top-level type. */
    record Type(String name, boolean isPublic) {}

    /** The outline of a source that may be asked for again, such as that of tests. */
    static Outline kept(Sources.Unit unit, Compiler compiler) {
        return TEXTS.computeIfAbsent(unit.text(), text -> compiler.outline(unit));
    }

    static Outline of(CompilationUnitTree parsed) {
        List<Type> types = new ArrayList<>();
        for (Tree tree : parsed.getTypeDecls()) {
            if (tree instanceof ClassTree type) {
                boolean isPublic = type.getModifiers().getFlags().contains(Modifier.PUBLIC);
                types.add(new Type(type.getSimpleName().toString(), isPublic));
            }
        }
        String name = parsed.getPackageName() == null ? "" : parsed.getPackageName().toString();
        return new Outline(name, List.copyOf(types));
    }

    /** The first public type: the file would have its name. Null where there is none. */
    String publicType() {
        return types.stream().filter(Type::isPublic).map(Type::name).findFirst().orElse(null);
    }

    boolean declares(String name) {
        return types.stream().anyMatch(type -> type.name.equals(name));
    }

    /** What a name in this package is called in full. */
    static String qualified(String packageName, String name) {
        return packageName.isEmpty() ? name : packageName + "." + name;
    }
}
