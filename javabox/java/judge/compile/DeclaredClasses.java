package javabox.judge.compile;

import com.sun.source.tree.ClassTree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.TaskEvent;
import com.sun.source.util.TaskListener;
import com.sun.source.util.TreeScanner;
import com.sun.tools.javac.api.BasicJavacTask;
import com.sun.tools.javac.code.Symtab;
import com.sun.tools.javac.tree.JCTree.JCClassDecl;
import com.sun.tools.javac.util.Context;
import java.util.ArrayList;
import java.util.List;

/**
 * The classes that one compilation declares, so that its context can forget them. JavacTaskPool forgets what it finds in
 * the parsed trees afterwards, but nested classes are gone from those once javac has desugared them. The next class of
 * such a name would be given the same symbol, and with it a record's components and what a sealed type permits (JDK 17 to 25).
 */
final class DeclaredClasses implements TaskListener {
    private final List<JCClassDecl> declared = new ArrayList<>();
    private final Context context;

    /** @param task one that has not begun: it gives its context away when it has ended */
    DeclaredClasses(JavacTask task) {
        context = ((BasicJavacTask) task).getContext();
        task.addTaskListener(this);
    }

    /** Whether a source may declare what must be forgotten: the others don't pay for a walk. Escaped letters can't get here. */
    static boolean mayStay(Sources.Unit unit) {
        return unit.text().contains("record") || unit.text().contains("sealed");
    }

    @Override
    public void finished(TaskEvent event) {
        if (event.getKind() == TaskEvent.Kind.PARSE) {
            new TreeScanner<Void, Void>() {
                @Override
                public Void visitClass(ClassTree tree, Void nothing) {
                    declared.add((JCClassDecl) tree);
                    return super.visitClass(tree, nothing);
                }
            }.scan(event.getCompilationUnit(), null);
        }
    }

    /** Takes their symbols out of the context, as the pool does. */
    void forget() {
        Symtab symbols = Symtab.instance(context);
        for (JCClassDecl one : declared) {
            if (one.sym != null) {
                symbols.removeClass(one.sym.packge().modle, one.sym.flatName());
            }
        }
    }
}
