package io.zeolite.cli;

import io.zeolite.config.ConfigEnvironment;
import io.zeolite.config.ServerConfig;
import io.zeolite.config.ServerConfig.Overrides;
import io.zeolite.config.zconfig.ConfigException;
import io.zeolite.logging.Logging;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/** {@code zeolite serve}: with the options of runzeo, and a storage in {@code ./var} if it is told nothing at all. */
final class ServeCommand {
    private static final String CONFIGURE = "--configure";
    private static final String ADDRESS = "--address";
    private static final String FILENAME = "--filename";
    private static final String TIMEOUT = "--timeout";
    private static final String PID_FILE = "--pid-file";
    private static final String ADDRESS_FILE = "--address-file";

    private final ServerLauncher launcher;
    private final ConfigEnvironment environment;
    private final PrintStream out;
    private final Consumer<Runnable> onShutdown;

    ServeCommand(
            ServerLauncher launcher, ConfigEnvironment environment, PrintStream out, Consumer<Runnable> onShutdown) {
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
        spec.addOption(option("-C", CONFIGURE, "FILE", "configuration file (zeo.conf)"));
        spec.addOption(option("-a", ADDRESS, "ADDRESS", "PORT, HOST:PORT, or the path of a Unix socket (with a /)"));
        spec.addOption(OptionSpec.builder("-f", FILENAME)
                .paramLabel("FILE")
                .description("data file of a file storage; the first is storage 1, a second one 2, ...")
                .type(List.class)
                .auxiliaryTypes(String.class)
                .arity("1")
                .build());
        spec.addOption(option("-t", TIMEOUT, "SECONDS", "how long a transaction may hold locks; 0 for no limit"));
        spec.addOption(option(null, PID_FILE, "FILE", "write the process id here"));
        spec.addOption(option(null, ADDRESS_FILE, "FILE", "write the address here, as JSON, once clients can connect"));
        return spec.addOption(Zeolite.helpOption());
    }

    private static OptionSpec option(@Nullable String letter, String name, String label, String description) {
        OptionSpec.Builder builder = letter == null ? OptionSpec.builder(name) : OptionSpec.builder(letter, name);
        return builder.paramLabel(label)
                .description(description)
                .type(String.class)
                .build();
    }

    /**
     * Serves until the server stops.
     *
     * @return the exit status: 0 if it stopped because the system asked for it
     */
    int run(ParseResult options) throws ConfigException, IOException {
        ServerConfig config = configuration(options);
        Logging.start(config.log());
        Signals.handle(Signals.USER_2, ServeCommand::reopenLog);
        config.notices().forEach(LoggerFactory.getLogger("ZEO.runzeo")::info);

        StopRequest stop = new StopRequest();
        onShutdown.accept(stop);
        RunningServer server = launcher.start(config);
        try (PidFile pidFile = new PidFile(config.zeo().pidFile())) {
            pidFile.write();
            announce(config, server, options);
            stop.started(server);
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

    /** After log rotation has renamed the files. */
    private static void reopenLog() {
        if (Logging.reopen()) {
            LoggerFactory.getLogger("ZEO.runzeo").info("Log files reopened successfully");
        } else {
            LoggerFactory.getLogger("ZEO.runzeo").warn("received SIGUSR2, but there are no log files to reopen");
        }
    }

    private ServerConfig configuration(ParseResult options) throws ConfigException, IOException {
        Overrides overrides = new Overrides(
                options.matchedOptionValue(ADDRESS, null),
                options.matchedOptionValue(FILENAME, List.of()),
                options.matchedOptionValue(TIMEOUT, null),
                options.matchedOptionValue(PID_FILE, null));
        @Nullable String file = options.matchedOptionValue(CONFIGURE, null);
        if (file != null) {
            return ServerConfig.load(Path.of(file), overrides, environment);
        }
        if (overrides.filenames().isEmpty()) {
            Files.createDirectories(environment.directory().resolve(ServerConfig.DEFAULT_DIRECTORY));
        }
        return ServerConfig.withoutFile(overrides, environment);
    }

    private void announce(ServerConfig config, RunningServer server, ParseResult options) throws IOException {
        @Nullable String addressFile = options.matchedOptionValue(ADDRESS_FILE, null);
        if (addressFile != null) {
            AddressFile.write(environment.directory().resolve(addressFile), server.address());
        }
        Greeting greeting = new Greeting(config.storages(), server.address());
        out.println(options.hasMatchedOption(CONFIGURE) ? greeting.line() : greeting.text());
        out.flush();
    }
}
