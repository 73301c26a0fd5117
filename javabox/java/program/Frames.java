package javabox.program;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;

/**
 * Framed, tokened writing to the judge. Each frame opens with a token of its own, random and used once, that
 * came with the program: stealing a frame from the pipe gives a spent token.
 */
public final class Frames implements Sender {
    /** Kinds of frame: READY, one a case, DONE; or one that ends the program before that. */
    public static final byte READY = 'R';
    public static final byte VALUE = 'V';
    public static final byte THROWN = 'E';
    public static final byte DONE = 'D';
    /** The JVM's memory ran out in a case. */
    public static final byte MEMORY = 'M';
    public static final byte TOO_LARGE = 'L';
    /** One test method of a suite of JUnit's, with its name. */
    public static final byte TEST = 'J';
    /** The names of the test methods that JUnit has found, before the first of them. */
    public static final byte FOUND = 'N';
    /** How such a one ended. */
    public static final byte SUCCEEDED = 'P';
    public static final byte FAILED = 'F';
    public static final byte SKIPPED = 'S';
    /** What the program printed, of one that is judged by that. */
    public static final byte PRINTED = 'P';
    /** It exited: never sent, the value that is says with which code. */
    static final byte EXIT = 'Q';
    /** These end the program: fuel, bytes to allocate, or bytes to print ran out, or the tests gave it up. */
    public static final byte TIME = 'T';
    public static final byte SPACE = 'S';
    public static final byte OUTPUT = 'O';
    public static final byte GIVEN_UP = 'X';
    public static final int TOKEN_BYTES = 16;
    /** Test methods that a suite of JUnit's may have. */
    public static final int TESTS_LIMIT = 5000;

    private static final int EMPTY_BYTES = TOKEN_BYTES + 5;
    /** What is written at once: one system call for all but the large ones. */
    private static final int TOGETHER = 1 << 16;

    private final byte[][] tokens;
    /** For a frame without payload, which is sent when there is no memory left. */
    private final byte[] empty = new byte[EMPTY_BYTES];
    private final OutputStream out;
    private int next;

    Frames(DataInputStream in, OutputStream out) throws IOException {
        this.out = out;
        tokens = new byte[in.readInt()][TOKEN_BYTES];
        for (byte[] token : tokens) {
            in.readFully(token);
        }
    }

    /** Whether no frame comes after one of this kind. */
    static boolean isLast(byte kind) {
        return kind == DONE || kind == TIME || kind == SPACE || kind == OUTPUT || kind == GIVEN_UP;
    }

    @Override
    public void send(byte kind, byte[] head, byte[] body, int size) throws IOException {
        int length = head.length + size;
        boolean together = length <= TOGETHER;
        byte[] frame = length == 0 ? empty : new byte[EMPTY_BYTES + head.length + (together ? size : 0)];
        System.arraycopy(tokens[next++], 0, frame, 0, TOKEN_BYTES);
        frame[TOKEN_BYTES] = kind;
        for (int i = 0; i < 4; i++) {
            frame[TOKEN_BYTES + 1 + i] = (byte) (length >> 24 - 8 * i);
        }
        System.arraycopy(head, 0, frame, EMPTY_BYTES, head.length);
        if (together) {
            System.arraycopy(body, 0, frame, EMPTY_BYTES + head.length, size);
        }
        out.write(frame);
        if (!together) {
            out.write(body, 0, size);
        }
    }

    void flush() throws IOException {
        out.flush();
    }
}
