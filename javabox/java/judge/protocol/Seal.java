package javabox.judge.protocol;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;

/**
 * The seal on frames, which no program can make: javabox/protocol/sealed.py says why and how, and holds the other end.
 * HMAC-SHA256 (RFC 2104) from the digest alone: javax.crypto would take a tenth of a second to load.
 */
public final class Seal {
    private static final int KEY_BYTES = 32;
    private static final int SEAL_BYTES = 16;
    private static final int BLOCK_BYTES = 64;
    private static final int FRAME_LIMIT = 1 << 30;

    private final byte[] inner = new byte[BLOCK_BYTES];
    private final byte[] outer = new byte[BLOCK_BYTES];

    /** Reads the key, the first thing that comes. */
    public Seal(DataInputStream in) throws IOException {
        byte[] key = new byte[KEY_BYTES];
        in.readFully(key);
        for (int i = 0; i < BLOCK_BYTES; i++) {
            int k = i < KEY_BYTES ? key[i] : 0;
            inner[i] = (byte) (k ^ 0x36);
            outer[i] = (byte) (k ^ 0x5c);
        }
    }

    /** @throws IOException where the stream ends or the frame is not Python's */
    public byte[] read(DataInputStream in) throws IOException {
        int length = in.readInt();
        if (length < SEAL_BYTES || length > FRAME_LIMIT) {
            throw new IOException("a frame of " + length + " bytes");
        }
        byte[] seal = new byte[SEAL_BYTES];
        in.readFully(seal);
        byte[] payload = new byte[length - SEAL_BYTES];
        in.readFully(payload);
        if (!MessageDigest.isEqual(seal, of(payload))) {
            throw new IOException("a frame without its seal");
        }
        return payload;
    }

    public void write(DataOutputStream out, byte[] payload) throws IOException {
        out.writeInt(SEAL_BYTES + payload.length);
        out.write(of(payload));
        out.write(payload);
        out.flush();
    }

    private byte[] of(byte[] payload) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update(inner);
            byte[] within = digest.digest(payload);
            digest.update(outer);
            return Arrays.copyOf(digest.digest(within), SEAL_BYTES);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
