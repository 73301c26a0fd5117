/**
 * What runs beside a program that nobody trusts. A module of its own: reflection reaches what is exported and
 * nothing else. What it requires is what programs may use; the rest of the JDK is not in the image that they run
 * on, so there is no {@code sun.misc.Unsafe}, no attaching and no instrumentation. Of management only the part
 * that can't dump the heap, in which the tokens of the frames are.
 */
module javabox.program {
    requires java.compiler;
    requires java.desktop;
    requires java.logging;
    requires java.management;
    requires java.naming;
    requires java.net.http;
    requires java.prefs;
    requires java.rmi;
    requires java.scripting;
    requires java.sql;
    requires jdk.httpserver;
    exports javabox.runtime;
    exports org.javatuples;
}
