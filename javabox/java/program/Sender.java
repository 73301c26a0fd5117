package javabox.program;

import java.io.IOException;

/** Where a program's results go. */
interface Sender {
    /** @param size of the body, which may be longer; in two parts, since a large one has no room for a copy */
    void send(byte kind, byte[] head, byte[] body, int size) throws IOException;
}
