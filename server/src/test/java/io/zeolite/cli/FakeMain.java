package io.zeolite.cli;

import io.zeolite.config.ConfigEnvironment;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/** The main class with a server that serves nothing, for tests that need a process. */
final class FakeMain {
    private FakeMain() {}

    public static void main(String[] args) {
        Shutdown shutdown = new Shutdown();
        FakeServer server = new FakeServer(new InetSocketAddress(InetAddress.getLoopbackAddress(), 1));
        Zeolite zeolite =
                new Zeolite(server, ConfigEnvironment.ofProcess(), System.out, System.err, shutdown::onRequest);
        shutdown.exit(zeolite.run(args));
    }
}
