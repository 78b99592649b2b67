package io.zeolite.cli;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import sun.misc.Signal;

/**
 * What the process does when it is sent a signal, other than to end. The JVM has an interface for that which is not part of
 * the Java API but is in every JDK; the launcher keeps the signals that are used here free from the JVM's own purposes.
 */
final class Signals {
    /** By which log rotation asks for new files. */
    static final String USER_2 = "USR2";

    /** By which daemons are asked to look at their files again. */
    static final String HANGUP = "HUP";

    private static final Logger LOG = LoggerFactory.getLogger("ZEO.runzeo");

    private Signals() {}

    /** From now on a signal has the task run, on a thread of its own; nothing else comes of it. */
    static void handle(String name, Runnable task) {
        try {
            Signal.handle(new Signal(name), signal -> task.run());
        } catch (IllegalArgumentException e) {
            LOG.warn("SIG{} will not be handled: {}", name, e.getMessage());
        }
    }
}
