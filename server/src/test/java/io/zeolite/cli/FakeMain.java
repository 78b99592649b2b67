package io.zeolite.cli;

import io.zeolite.config.ConfigEnvironment;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.CountDownLatch;

/**
 * The main class with a server that serves nothing, for tests that need a process. With the property {@code starting} its
 * start never ends.
 */
final class FakeMain {
    private FakeMain() {}

    public static void main(String[] args) {
        Shutdown shutdown = new Shutdown();
        shutdown.await();
        shutdown.awaitHangup();
        FakeServer server = new FakeServer(new InetSocketAddress(InetAddress.getLoopbackAddress(), 1));
        ServerLauncher launcher = System.getProperty("starting") == null ? server : config -> startForEver();
        Zeolite zeolite = new Zeolite(launcher, ConfigEnvironment.ofProcess(), System.out, System.err, shutdown);
        shutdown.exit(zeolite.run(args));
    }

    private static RunningServer startForEver() throws IOException {
        System.out.println("starting");
        try {
            new CountDownLatch(1).await();
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
        throw new IllegalStateException("it has ended");
    }
}
