/**
 * What passes between Python and this JVM: jobs in, replies out, each frame under a seal. The other end is
 * javabox/protocol.
 */
package javabox.judge.protocol;
