package io.zeolite.cli;

import org.jspecify.annotations.Nullable;

/** Stops a server when it is run, or as soon as the server has started. Any thread may call it. */
final class StopRequest implements Runnable {
    private @Nullable RunningServer server;
    private boolean made;

    @Override
    public void run() {
        @Nullable RunningServer running;
        synchronized (this) {
            made = true;
            running = server;
        }
        if (running != null) {
            running.stop();
        }
    }

    void started(RunningServer running) {
        synchronized (this) {
            server = running;
        }
        if (wasMade()) {
            running.stop();
        }
    }

    synchronized boolean wasMade() {
        return made;
    }
}
