/**
 * The judge's own JVM: takes jobs from Python, hands each to a worker that compiles it and to a runner that runs it,
 * and answers. It never runs a program's code itself.
 *
 * <p>Packages depend on those to the right alone: this one, then {@code run}, {@code value}, {@code compile}, then
 * {@code meter} and {@code protocol}, which depend on none (tests/test_house.py holds it).
 */
package javabox.judge;
