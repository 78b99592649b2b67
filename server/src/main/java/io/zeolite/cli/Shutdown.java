package io.zeolite.cli;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The end of the process. When the system asks for it (SIGTERM, SIGINT, SIGHUP), the JVM runs its shutdown hooks and then
 * ends with a status that says which signal it was. Supervisors want 0 after an orderly end, so the hook here waits for
 * the command to end and then halts with the status of the command. SIGHUP asks for a restart: Python's server ends with 1
 * after it, for a supervisor that starts again what has failed.
 *
 * <p>A server that is still opening its storages, or waits for another server, has nothing that would need an orderly
 * end but its pid file: what it has written so far is as after a kill. So the process ends at once.
 */
final class Shutdown implements OnShutdown {
    /** Longer than any orderly end takes; a disk that hangs must not keep the process for ever. */
    private static final long PATIENCE_SECONDS = 60;

    private static final int FAILED = 1;

    private final CountDownLatch ended = new CountDownLatch(1);
    private volatile int status;
    private volatile boolean hungUp;
    private volatile @Nullable Runnable stop;
    private volatile Runnable beforeStart = () -> {};

    /** Takes over what happens when the system asks the process to end. */
    void await() {
        Runtime.getRuntime().addShutdownHook(new Thread(this::end, "shutdown"));
    }

    /** Takes SIGHUP for the wish to be started again, until somebody takes it for something else. */
    void awaitHangup() {
        Signals.handle(Signals.HANGUP, () -> {
            hungUp = true;
            System.exit(FAILED);
        });
    }

    @Override
    public void accept(Runnable orderly) {
        stop = orderly;
    }

    @Override
    public void beforeStart(Runnable cleanup) {
        beforeStart = cleanup;
    }

    /** Ends the process after the command has ended. Does not return. */
    void exit(int commandStatus) {
        status = commandStatus;
        ended.countDown();
        System.exit(commandStatus);
    }

    private void end() {
        Runnable orderly = stop;
        if (orderly == null) {
            beforeStart.run();
            halt(ended.getCount() == 0 ? status : asked(0));
            return;
        }
        orderly.run();
        int last = FAILED;
        try {
            if (ended.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                last = asked(status);
            } else {
                System.err.println("zeolite: gave up waiting for an orderly end after " + PATIENCE_SECONDS + " s");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        halt(last);
    }

    /** The status of an end that the system has asked for. */
    private int asked(int orderly) {
        return orderly == 0 && hungUp ? FAILED : orderly;
    }

    private static void halt(int last) {
        System.out.flush();
        System.err.flush();
        Runtime.getRuntime().halt(last);
    }
}
