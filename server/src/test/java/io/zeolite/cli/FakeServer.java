package io.zeolite.cli;

import io.zeolite.config.ServerConfig;
import java.net.SocketAddress;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/** A server that serves nothing: a launcher that remembers what it was asked for, and the server that it makes. */
final class FakeServer implements ServerLauncher, RunningServer {
    private final SocketAddress address;
    private final CountDownLatch stopped = new CountDownLatch(1);

    @Nullable
    ServerConfig config;

    FakeServer(SocketAddress address) {
        this.address = address;
    }

    @Override
    public RunningServer start(ServerConfig asked) {
        config = asked;
        return this;
    }

    boolean isStopped() {
        return stopped.getCount() == 0;
    }

    @Override
    public SocketAddress address() {
        return address;
    }

    @Override
    public void stop() {
        stopped.countDown();
    }

    @Override
    public void awaitStop() throws InterruptedException {
        stopped.await();
    }
}
