package io.zeolite.cli;

import ch.qos.logback.core.CoreConstants;
import io.zeolite.config.ConfigEnvironment;
import io.zeolite.config.ServerConfig;
import io.zeolite.config.ServerConfig.Overrides;
import io.zeolite.config.zconfig.ConfigException;
import io.zeolite.logging.Logging;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Model.CommandSpec;

/** {@code zeolite serve}: with the options of runzeo, and a storage in {@code ./var} if it is told nothing at all. */
final class ServeCommand {
    private final ServerLauncher launcher;
    private final ConfigEnvironment environment;
    private final PrintStream out;
    private final OnShutdown onShutdown;

    ServeCommand(ServerLauncher launcher, ConfigEnvironment environment, PrintStream out, OnShutdown onShutdown) {
        this.launcher = launcher;
        this.environment = environment;
        this.out = out;
        this.onShutdown = onShutdown;
    }

    static CommandSpec spec() {
        CommandSpec spec = Zeolite.command();
        spec.usageMessage()
                .description("Serves storages to ZEO clients until it is told to stop.")
                .footer(
                        "",
                        "Options go before what the configuration file says. Without a file and without -f,",
                        "the storage is in ./" + ServerConfig.DEFAULT_DIRECTORY + " and is created if need be;"
                                + " without an address, it is " + ServerConfig.DEFAULT_ADDRESS + ".");
        ServeOptions.addTo(spec);
        return spec.addOption(Zeolite.helpOption());
    }

    /**
     * Serves until the server stops.
     *
     * @return the exit status: 0 if it stopped because the system asked for it
     */
    int run(ServeOptions options) throws ConfigException, IOException {
        ServerConfig config = configuration(options);
        Logging.start(config.log());
        Signals.handle(Signals.USER_2, ServeCommand::reopenLog);
        Logger log = LoggerFactory.getLogger("ZEO.runzeo");
        config.notices().forEach(log::info);
        config.warnings().forEach(log::warn);

        try (PidFile pidFile = new PidFile(config.zeo().pidFile())) {
            onShutdown.beforeStart(pidFile::close);
            // Before the storages are opened: whoever waits for it would take a long look at a data file for a failure.
            pidFile.writeUnlessTaken();
            return serve(launcher.start(config), config, pidFile, options);
        }
    }

    private int serve(RunningServer server, ServerConfig config, PidFile pidFile, ServeOptions options)
            throws IOException {
        StopRequest stop = new StopRequest(server);
        onShutdown.accept(stop);
        try {
            pidFile.write();
            announce(config, server, options);
            openJars();
            server.awaitStop();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            server.stop();
        }
        if (!stop.wasMade()) {
            throw new IOException("the server has stopped by itself; its log says why");
        }
        return 0;
    }

    /**
     * Opens the jars of what serves, which the class-data-sharing archive has spared the start. The JDK tries to open a jar once: had a class to
     * be loaded from it while there is no file descriptor left, whatever needs the class would fail for good.
     */
    private static void openJars() {
        // A search opens all jars before the one that has it; those of the SDK come behind.
        String last = CoreConstants.class.getName().replace('.', '/') + ".class";
        Thread opening = new Thread(() -> ClassLoader.getSystemResource(last), "zeolite-open-jars");
        opening.setDaemon(true);
        opening.start();
    }

    /** After log rotation has renamed the files. */
    private static void reopenLog() {
        if (Logging.reopen()) {
            LoggerFactory.getLogger("ZEO.runzeo").info("Log files reopened successfully");
        } else {
            LoggerFactory.getLogger("ZEO.runzeo").warn("received SIGUSR2, but there are no log files to reopen");
        }
    }

    private ServerConfig configuration(ServeOptions options) throws ConfigException, IOException {
        Overrides overrides =
                new Overrides(options.address(), options.filenames(), options.timeout(), options.pidFile());
        if (options.configure() != null) {
            return ServerConfig.load(Path.of(options.configure()), overrides, environment);
        }
        if (overrides.filenames().isEmpty()) {
            Files.createDirectories(environment.directory().resolve(ServerConfig.DEFAULT_DIRECTORY));
        }
        return ServerConfig.withoutFile(overrides, environment);
    }

    private void announce(ServerConfig config, RunningServer server, ServeOptions options) throws IOException {
        if (options.addressFile() != null) {
            AddressFile.write(environment.directory().resolve(options.addressFile()), server.address());
        }
        Greeting greeting = new Greeting(config.storages(), server.address());
        out.println(options.configure() != null ? greeting.line() : greeting.text());
        out.flush();
    }
}
