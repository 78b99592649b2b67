package io.zeolite.cli;

/** Stops a server when it is run, and remembers that. Any thread may call it. */
final class StopRequest implements Runnable {
    private final RunningServer server;
    private volatile boolean made;

    StopRequest(RunningServer server) {
        this.server = server;
    }

    @Override
    public void run() {
        made = true;
        server.stop();
    }

    boolean wasMade() {
        return made;
    }
}
