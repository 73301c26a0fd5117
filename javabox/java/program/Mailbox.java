package javabox.program;

import java.util.ArrayDeque;

/** Hands results from the program's thread to the one that holds the tokens. */
final class Mailbox implements Sender {
    /** One result. */
    record Letter(byte kind, byte[] payload) {}

    private final ArrayDeque<Letter> letters = new ArrayDeque<>();
    private boolean closed;

    @Override
    public synchronized void send(byte kind, byte[] payload) {
        letters.add(new Letter(kind, payload));
        notifyAll();
    }

    synchronized void close() {
        closed = true;
        notifyAll();
    }

    /** @return null once it is closed and empty */
    synchronized Letter take() throws InterruptedException {
        while (letters.isEmpty() && !closed) {
            wait();
        }
        return letters.poll();
    }
}
