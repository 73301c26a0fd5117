/**
 * What runs beside a program that nobody trusts. A module of its own: reflection reaches what is exported and
 * nothing else. What it requires is what programs may use; the rest of the JDK is not in the image that they run
 * on, so there is no {@code sun.misc.Unsafe}, no attaching and no instrumentation.
 */
module javabox.program {
    requires java.desktop;
    requires java.logging;
    requires java.net.http;
    requires java.prefs;
    requires java.scripting;
    requires java.sql;
    exports javabox.runtime;
}
