package javabox.program;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;

/** Text in frames: a count of UTF-16 units and the units as they are, so that a lone surrogate survives. */
public final class Text {
    /** Longest text of a message or a value that is sent back, in UTF-16 units. */
    public static final int LIMIT = 4000;

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

    public static String capped(String text) {
        return text == null || text.length() <= LIMIT ? text : text.substring(0, LIMIT) + "…";
    }
}
