package io.zeolite.cli;

import io.zeolite.config.ConfigEnvironment;

/** Where the process starts. */
public final class Main {
    private Main() {}

    public static void main(String[] args) {
        Shutdown shutdown = new Shutdown();
        Zeolite zeolite = new Zeolite(
                ServerAssembly::start, ConfigEnvironment.ofProcess(), System.out, System.err, shutdown::onRequest);
        shutdown.exit(zeolite.run(args));
    }
}
