package javabox.program;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.regex.Pattern;

/** Text in frames: a count of UTF-16 units and the units as they are, so that a lone surrogate survives. */
public final class Text {
    /** Longest text of a message or a value that is sent back, in UTF-16 units. */
    public static final int LIMIT = 4000;

    private static final Pattern LAMBDA = Pattern.compile("\\$\\$Lambda(\\$\\d+)?/0x[0-9a-f]+");

    private Text() {}

    public static String read(DataInputStream in) throws IOException {
        byte[] bytes = new byte[2 * in.readInt()];
        in.readFully(bytes);
        return ByteBuffer.wrap(bytes).asCharBuffer().toString();
    }

    public static void write(DataOutputStream out, String text) throws IOException {
        out.writeInt(text.length());
        out.writeChars(text);
    }

    /** Names of the classes that the JVM makes for lambdas hold a counter and an address: by chance, so left out. */
    public static String settled(String text) {
        return text == null || !text.contains("$$Lambda") ? text : LAMBDA.matcher(text).replaceAll("\\$\\$Lambda");
    }

    public static String capped(String text) {
        return text == null || text.length() <= LIMIT ? text : text.substring(0, LIMIT) + "…";
    }
}
