package javabox.runtime;

import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;

/**
 * Says which JDK method a static method here is called in front of, with the same arguments; the receiver, if any, is
 * its first parameter and may be null. The call itself stays, so that what it throws says what it says in plain java.
 */
@Retention(RetentionPolicy.RUNTIME)
public @interface Charges {
    /** The classes that javac may name as the method's owner. */
    Class<?>[] value();

    /** The method's name, where it differs from this one's. */
    String name() default "";

    boolean isStatic() default false;
}
