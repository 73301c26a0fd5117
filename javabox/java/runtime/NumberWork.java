package javabox.runtime;

import static javabox.runtime.Work.linear;
import static javabox.runtime.Work.makes;

import java.math.BigDecimal;
import java.math.BigInteger;

/** Numbers of any size: paid by their words. */
public final class NumberWork {
    private NumberWork() {}

    /** Words of 32 bits. */
    private static long words(BigInteger number) {
        return number.bitLength() / 32 + 1;
    }

    @Replaces(BigInteger.class)
    public static BigInteger multiply(BigInteger a, BigInteger b) {
        makes(4 * (words(a) + words(b)));
        linear(words(a) * Math.min(words(b), 200)); // beyond that Toom-Cook takes over
        return a.multiply(b);
    }

    @Replaces(BigInteger.class)
    public static BigInteger add(BigInteger a, BigInteger b) {
        makes(4 * Math.max(words(a), words(b)));
        return a.add(b);
    }

    @Replaces(BigInteger.class)
    public static BigInteger pow(BigInteger base, int exponent) {
        long words = words(base) * Math.max(0, exponent);
        makes(4 * words);
        linear(words * Math.min(words, 200));
        return base.pow(exponent);
    }

    @Replaces(BigInteger.class)
    public static BigInteger modPow(BigInteger base, BigInteger exponent, BigInteger modulus) {
        linear(words(exponent) * 32 * words(modulus) * words(modulus));
        return base.modPow(exponent, modulus);
    }

    @Replaces(BigInteger.class)
    public static BigInteger divide(BigInteger a, BigInteger b) {
        linear(words(a) * Math.min(words(b), 200));
        return a.divide(b);
    }

    @Replaces(BigInteger.class)
    public static BigInteger mod(BigInteger a, BigInteger b) {
        linear(words(a) * Math.min(words(b), 200));
        return a.mod(b);
    }

    @Replaces(BigInteger.class)
    public static BigInteger gcd(BigInteger a, BigInteger b) {
        linear(words(a) * words(b) * 8);
        return a.gcd(b);
    }

    @Replaces(BigInteger.class)
    public static boolean isProbablePrime(BigInteger a, int certainty) {
        linear(words(a) * words(a) * words(a) * 64);
        return a.isProbablePrime(certainty);
    }

    @Replaces(value = BigInteger.class, name = "toString")
    public static String text(BigInteger number) {
        makes(10 * words(number));
        linear(words(number) * Math.min(words(number), 200));
        return number.toString();
    }

    @Replaces(BigInteger.class)
    public static BigInteger shiftLeft(BigInteger a, int bits) {
        makes(4 * (words(a) + Math.max(0, bits) / 32));
        return a.shiftLeft(bits);
    }

    @Replaces(BigDecimal.class)
    public static BigDecimal pow(BigDecimal base, int exponent) {
        long words = words(base.unscaledValue()) * Math.max(0, exponent);
        makes(4 * words);
        linear(words * Math.min(words, 200));
        return base.pow(exponent);
    }
}
