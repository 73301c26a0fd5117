/**
 * From a job to class files: the source texts, javac, what it says of them, and the tests that need not be compiled
 * again.
 */
package javabox.judge.compile;
