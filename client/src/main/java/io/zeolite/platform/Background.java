package io.zeolite.platform;

import com.sun.jna.LastErrorException;

/**
 * Threads that work through a whole file and have time. On Linux, where a thread has a priority of its own, the others get the
 * processors first; elsewhere such a thread is like any other.
 */
public final class Background {
    private static final int PRIO_PROCESS = 0;
    private static final int CALLING_THREAD = 0;
    /** Of 19. With it, a thread that is never idle gets about a tenth of a processor that another one wants as well. */
    private static final int NICENESS = 10;

    private Background() {}

    /**
     * Lowers the priority of the calling thread, and of those that it starts, for good: raising it again would take a
     * privilege. Loads JNA.
     */
    public static void enter() {
        if (!System.getProperty("os.name", "").startsWith("Linux")) {
            return;
        }
        try {
            Calls.setpriority(PRIO_PROCESS, CALLING_THREAD, NICENESS);
        } catch (LastErrorException | LinkageError e) {
            // It is a favour to the others, and nothing depends on it.
        }
    }

    private static final class Calls {
        static {
            NativeCalls.bind(Calls.class);
        }

        static native int setpriority(int which, int who, int priority) throws LastErrorException;
    }
}
