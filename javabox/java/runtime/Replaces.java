package javabox.runtime;

import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;

/** Says which JDK method a static method here stands in for; the receiver, if any, is its first parameter. */
@Retention(RetentionPolicy.RUNTIME)
public @interface Replaces {
    /** The classes that javac may name as the method's owner. */
    Class<?>[] value();

    /** The method's name, where it differs from this one's. */
    String name() default "";

    boolean isStatic() default false;
}
