package io.zeolite.cli;

/** Takes what is to be done when the system asks the process to end. */
@FunctionalInterface
public interface OnShutdown {
    /** Has this called once the server runs; the command is to end soon after. */
    void accept(Runnable orderly);

    /** Has this called if it comes before; the process ends at once then. */
    default void beforeStart(Runnable cleanup) {}
}
