package io.zeolite.cli;

import io.zeolite.config.ConfigEnvironment;
import io.zeolite.disk.RealDisk;
import io.zeolite.logging.Logging;
import io.zeolite.transport.ZeoServer;
import java.io.IOException;
import org.slf4j.LoggerFactory;

/** Where the process starts. */
public final class Main {
    private Main() {}

    public static void main(String[] args) {
        Logging.useQuickProvider();
        nameSelectorProvider();
        Shutdown shutdown = new Shutdown();
        if (Zeolite.startsServer(args)) {
            shutdown.await();
            Thread.setDefaultUncaughtExceptionHandler(new FatalError(System.err, Runtime.getRuntime()::halt));
            // What nearly every server needs and takes long to load, beside what it does first.
            new Thread(Main::preloadLocks, "zeolite-preload-locks").start();
            Logging.load();
            shutdown.awaitHangup();
            new Thread(ZeoServer::preload, "zeolite-preload-transport").start();
        }
        Zeolite zeolite =
                new Zeolite(ServerAssembly::start, ConfigEnvironment.ofProcess(), System.out, System.err, shutdown);
        int status = 1;
        try {
            status = zeolite.run(args);
        } catch (RuntimeException | Error e) {
            // A bug. Left to the JVM, the other threads of the server would keep the process alive without its head.
            LoggerFactory.getLogger("ZEO.runzeo").error(Logging.CRITICAL, "the server failed", e);
            System.err.println("zeolite: the server failed, its log says where: " + e);
        }
        shutdown.exit(status);
    }

    /**
     * Names the selector provider that the JDK takes anyway. It would search all jars for another one, which takes a tenth of a
     * start.
     */
    private static void nameSelectorProvider() {
        String onLinux = "sun.nio.ch.EPollSelectorProvider";
        try {
            Class.forName(onLinux, false, null);
        } catch (ClassNotFoundException e) {
            return;
        }
        System.getProperties().putIfAbsent("java.nio.channels.spi.SelectorProvider", onLinux);
    }

    private static void preloadLocks() {
        try {
            RealDisk.preload();
        } catch (IOException ignored) {
            // Whoever locks a file will say it. Here it cannot be said, since the logs may not be there yet.
        }
    }
}
