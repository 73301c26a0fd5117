package javabox.program;

import java.util.ArrayDeque;

/**
 * Hands results from the program's thread to the one that holds the tokens. Who sends waits until the result is
 * out: else whether a case is known would be a race with the next one's System.exit.
 */
final class Mailbox implements Sender {
    /** One result. */
    record Letter(byte kind, byte[] head, byte[] body, int size) {}

    private final ArrayDeque<Letter> letters = new ArrayDeque<>();
    private boolean closed;
    private boolean inHand;
    private boolean out;

    @Override
    public synchronized void send(byte kind, byte[] head, byte[] body, int size) {
        letters.add(new Letter(kind, head, body, size));
        notifyAll();
        boolean interrupted = false;
        while (!letters.isEmpty() || inHand) {
            try {
                wait();
            } catch (InterruptedException e) {
                interrupted = true; // the program's own doing, and its own to see
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** The memory of this JVM has run out. */
    synchronized void runOut() {
        out = true;
    }

    synchronized boolean ranOut() {
        return out;
    }

    synchronized void close() {
        closed = true;
        notifyAll();
    }

    /** The letter before is out. @return null once it is closed and empty */
    synchronized Letter take() throws InterruptedException {
        inHand = false;
        notifyAll();
        while (letters.isEmpty() && !closed) {
            wait();
        }
        inHand = !letters.isEmpty();
        return letters.poll();
    }
}
