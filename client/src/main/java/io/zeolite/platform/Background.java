package io.zeolite.platform;

import com.sun.jna.LastErrorException;

/**
 * Threads that work through a whole file and have time. On Linux, where a thread has a priority of its own, the others get the
 * processors first; elsewhere such a thread is like any other.
 */
public final class Background {
    /**
     * Of 19 steps. With it, a thread that is never idle gets a third of a processor that another one wants as well. With ten it gets a
     * tenth, and beside enough of them, each with short slices ({@link Foreground}), a pack does not come to an end.
     */
    private static final int STEPS = 3;

    private Background() {}

    /**
     * Lowers the priority of the calling thread, and of those that it starts, for good: raising it again would take a
     * privilege. Loads JNA.
     */
    public static void enter() {
        if (!OperatingSystem.LINUX) {
            return;
        }
        try {
            Calls.nice(STEPS);
        } catch (LastErrorException | LinkageError e) {
            // It is a favour to the others, and nothing depends on it.
        }
    }

    private static final class Calls {
        static {
            NativeCalls.bind(Calls.class);
        }

        static native int nice(int steps) throws LastErrorException;
    }
}
