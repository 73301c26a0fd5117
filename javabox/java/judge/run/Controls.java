package javabox.judge.run;

import javabox.judge.protocol.Counters;

/**
 * What both lanes have of their supervisor.
 *
 * @param pinned whether chance is taken out of programs
 */
public record Controls(Watchdog watchdog, Groups groups, Requests requests, Counters counters, boolean pinned) {}
