/**
 * Runs one program: its JVM, fresh in the strict lane and reused in the warm one, the conversation that proves a pass,
 * and what ends a program that does not end by itself. What runs in that JVM is {@code javabox.program}.
 */
package javabox.judge.run;
