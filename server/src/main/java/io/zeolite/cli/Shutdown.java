package io.zeolite.cli;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * The end of the process. When the system asks for it (SIGTERM, SIGINT, SIGHUP), the JVM runs its shutdown hooks and then
 * ends with a status that says which signal it was. Supervisors want 0 after an orderly end, so the hook here waits for
 * the command to end and then halts with the status of the command.
 */
final class Shutdown {
    /** Longer than any orderly end takes; a disk that hangs must not keep the process for ever. */
    private static final long PATIENCE_SECONDS = 60;

    private final CountDownLatch ended = new CountDownLatch(1);
    private volatile int status;

    /** Has {@code stop} called when the system asks the process to end; the command is to end soon after. */
    void onRequest(Runnable stop) {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> end(stop), "shutdown"));
    }

    /** Ends the process after the command has ended. Does not return. */
    void exit(int commandStatus) {
        status = commandStatus;
        ended.countDown();
        System.exit(commandStatus);
    }

    private void end(Runnable stop) {
        stop.run();
        int last = 1;
        try {
            if (ended.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                last = status;
            } else {
                System.err.println("zeolite: gave up waiting for an orderly end after " + PATIENCE_SECONDS + " s");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        System.out.flush();
        System.err.flush();
        Runtime.getRuntime().halt(last);
    }
}
