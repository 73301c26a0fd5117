/**
 * From class files to class files that count what they execute and end the same way in every run, and the scan that
 * says which of them may share a JVM. Knows nothing of jobs or of javac. What the rewritten code calls is
 * {@code javabox.runtime}.
 */
package javabox.judge.meter;
