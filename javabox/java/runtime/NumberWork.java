package javabox.runtime;

import static javabox.runtime.Work.linear;
import static javabox.runtime.Work.makes;

import java.math.BigDecimal;
import java.math.BigInteger;

/** Numbers of any size: paid by their words. */
public final class NumberWork {
    private NumberWork() {}

    /** Words of 32 bits; of nothing none, and the call throws. */
    private static long words(BigInteger number) {
        return number == null ? 0 : number.bitLength() / 32 + 1;
    }

    @Charges(BigInteger.class)
    public static void multiply(BigInteger a, BigInteger b) {
        makes(4 * (words(a) + words(b)));
        linear(words(a) * Math.min(words(b), 200)); // beyond that Toom-Cook takes over
    }

    @Charges(BigInteger.class)
    public static void parallelMultiply(BigInteger a, BigInteger b) { // of Java 19
        multiply(a, b);
    }

    @Charges(BigInteger.class)
    public static void add(BigInteger a, BigInteger b) {
        makes(4 * Math.max(words(a), words(b)));
    }

    @Charges(BigInteger.class)
    public static void pow(BigInteger base, int exponent) {
        long words = words(base) * Math.max(0, exponent);
        makes(4 * words);
        linear(words * Math.min(words, 200));
    }

    @Charges(BigInteger.class)
    public static void modPow(BigInteger base, BigInteger exponent, BigInteger modulus) {
        linear(words(exponent) * 32 * words(modulus) * words(modulus));
    }

    @Charges(BigInteger.class)
    public static void divide(BigInteger a, BigInteger b) {
        linear(words(a) * Math.min(words(b), 200));
    }

    @Charges(BigInteger.class)
    public static void mod(BigInteger a, BigInteger b) {
        linear(words(a) * Math.min(words(b), 200));
    }

    @Charges(BigInteger.class)
    public static void gcd(BigInteger a, BigInteger b) {
        linear(words(a) * words(b) * 8);
    }

    @Charges(BigInteger.class)
    public static void isProbablePrime(BigInteger a, int certainty) {
        linear(words(a) * words(a) * words(a) * 64);
    }

    @Charges(value = BigInteger.class, name = "toString")
    public static void text(BigInteger number) {
        makes(10 * words(number));
        linear(words(number) * Math.min(words(number), 200));
    }

    @Charges(BigInteger.class)
    public static void shiftLeft(BigInteger a, int bits) {
        makes(4 * (words(a) + Math.max(0, bits) / 32));
    }

    @Charges(BigDecimal.class)
    public static void pow(BigDecimal base, int exponent) {
        long words = (base == null ? 0 : words(base.unscaledValue())) * Math.max(0, exponent);
        makes(4 * words);
        linear(words * Math.min(words, 200));
    }
}
