/**
 * Values that programs return and tests expect: evaluated, decoded, compared and written as Java.
 */
package javabox.judge.value;
