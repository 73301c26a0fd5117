package javabox.program;

import java.io.IOException;

/** Where a program's results go. */
interface Sender {
    void send(byte kind, byte[] payload) throws IOException;
}
