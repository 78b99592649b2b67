package io.zeolite.platform;

import com.sun.jna.LastErrorException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.concurrent.ThreadFactory;

/**
 * Threads that others wait for, and that have little to do each time. Linux, since version 6.12, lets a thread ask for short time slices: it
 * gets no more of the processors than before, but when it wakes up it runs ahead of a thread with longer ones, in place of waiting until that
 * has used up its own, unless it has had more than its share. Elsewhere such a thread is like any other.
 *
 * <p>Source: {@code sched_setattr(2)}, whose {@code sched_runtime} is the slice of a thread that has the policy {@code SCHED_OTHER}.
 */
public final class Foreground {
    /** The length of Linux's {@code struct sched_attr} in its first version; its fields are at the offsets that follow. */
    private static final int SIZE = 48;

    private static final int SIZE_FIELD = 0;
    private static final int POLICY_FIELD = 4;
    private static final int FLAGS_FIELD = 8;
    private static final int NICE_FIELD = 16;
    private static final int RUNTIME_FIELD = 24;

    private static final int SCHED_OTHER = 0;
    /** Threads that the thread starts are usual ones. They would lose a raised priority too. */
    private static final long RESET_ON_FORK = 1;

    private static final int CALLING_THREAD = 0;

    private Foreground() {}

    /**
     * Threads that have short slices for good, but not those that they start. Where the operator has chosen another policy or a raised
     * priority they are as usual. The first one loads JNA.
     *
     * @param usual makes them
     * @param slice 0.1 to 100 ms; the usual one is about 0.7 ms on one processor, and 2.8 ms on eight or more
     */
    public static ThreadFactory factory(ThreadFactory usual, Duration slice) {
        return task -> usual.newThread(() -> {
            enter(slice);
            task.run();
        });
    }

    private static void enter(Duration slice) {
        if (!OperatingSystem.LINUX) {
            return;
        }
        try {
            switch (System.getProperty("os.arch", "")) {
                case "amd64" -> enter(slice, 314, 315);
                case "aarch64", "riscv64" -> enter(slice, 274, 275);
                default -> {}
            }
        } catch (LastErrorException | LinkageError e) {
            // It is a favour to those who wait, and nothing depends on it.
        }
    }

    /** By the numbers of the two system calls, for which C libraries have no functions before glibc 2.41. */
    private static void enter(Duration slice, long schedSetattr, long schedGetattr) throws LastErrorException {
        ByteBuffer attr = ByteBuffer.allocateDirect(SIZE).order(ByteOrder.nativeOrder());
        Calls.syscall(schedGetattr, CALLING_THREAD, attr, SIZE, 0);
        if (attr.getInt(POLICY_FIELD) != SCHED_OTHER || attr.getInt(NICE_FIELD) < 0) {
            return;
        }
        attr.putInt(SIZE_FIELD, SIZE);
        attr.putLong(RUNTIME_FIELD, slice.toNanos());
        attr.putLong(FLAGS_FIELD, attr.getLong(FLAGS_FIELD) | RESET_ON_FORK);
        Calls.syscall(schedSetattr, CALLING_THREAD, attr, 0, 0);
    }

    private static final class Calls {
        static {
            NativeCalls.bind(Calls.class);
        }

        static native long syscall(long number, long thread, ByteBuffer attr, long third, long fourth)
                throws LastErrorException;
    }
}
