package javabox.runtime;

import java.util.Scanner;

/** Scanners: each call matches regular expressions, whatever few characters it reads. */
public final class InputWork {
    /** About what one takes, in instructions. */
    private static final int MATCHES = 500;

    private InputWork() {}

    @Charges(Scanner.class)
    public static void hasNext(Scanner scanner) {
        Meter.charge(MATCHES);
    }

    @Charges(Scanner.class)
    public static void next(Scanner scanner) {
        Meter.charge(MATCHES);
    }

    @Charges(Scanner.class)
    public static void hasNextLine(Scanner scanner) {
        Meter.charge(MATCHES);
    }

    @Charges(Scanner.class)
    public static void nextLine(Scanner scanner) {
        Meter.charge(MATCHES);
    }

    @Charges(Scanner.class)
    public static void hasNextInt(Scanner scanner) {
        Meter.charge(MATCHES);
    }

    @Charges(Scanner.class)
    public static void nextInt(Scanner scanner) {
        Meter.charge(MATCHES);
    }

    @Charges(Scanner.class)
    public static void hasNextLong(Scanner scanner) {
        Meter.charge(MATCHES);
    }

    @Charges(Scanner.class)
    public static void nextLong(Scanner scanner) {
        Meter.charge(MATCHES);
    }

    @Charges(Scanner.class)
    public static void hasNextDouble(Scanner scanner) {
        Meter.charge(MATCHES);
    }

    @Charges(Scanner.class)
    public static void nextDouble(Scanner scanner) {
        Meter.charge(MATCHES);
    }
}
