package io.zeolite.cli;

import io.zeolite.config.ConfigEnvironment;
import io.zeolite.logging.Logging;
import org.slf4j.LoggerFactory;

/** Where the process starts. */
public final class Main {
    private Main() {}

    public static void main(String[] args) {
        Logging.useQuickProvider();
        Shutdown shutdown = new Shutdown();
        Zeolite zeolite = new Zeolite(
                ServerAssembly::start, ConfigEnvironment.ofProcess(), System.out, System.err, shutdown::onRequest);
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
}
