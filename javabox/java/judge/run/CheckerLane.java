package javabox.judge.run;

import javabox.judge.protocol.Reply;

/**
 * Where checkers of outputs run: in no JVM that any program has run in, and apart from the judge, since what a program
 * prints may make one loop.
 */
public final class CheckerLane {
    private final WarmLane warm;
    private final StrictLane strict;

    /** @param warm null where each has a JVM of its own */
    public CheckerLane(WarmLane warm, StrictLane strict) {
        this.warm = warm;
        this.strict = strict;
    }

    Reply run(Conversation conversation) {
        Reply reply = warm == null || conversation.prepared().refusal() != null ? null : warmly(conversation);
        return reply == null ? strict.run(conversation) : reply;
    }

    private synchronized Reply warmly(Conversation conversation) {
        return warm.run(conversation);
    }
}
