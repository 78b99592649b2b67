package io.zeolite.cli;

import io.zeolite.config.ConfigEnvironment;
import io.zeolite.config.zconfig.ConfigException;
import io.zeolite.tool.ExitStatus;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/**
 * The command line: finds the command that is meant, runs it, and makes of a failure one line on the error stream and an
 * exit status: 2 for what the user wrote, 1 for what could not be done. A stack trace means that there is a bug.
 *
 * <p>The commands are declared in code and not with annotations, since reading those takes time at every start.
 */
public final class Zeolite {
    private static final String SERVE = "serve";
    private static final String TRAINING = "archive-training";

    /**
     * picocli's own, but not before something is to be made. At its beginning it asks for a class of Groovy: that is not there,
     * so all jars are opened in search of it.
     */
    private static final CommandLine.IFactory FACTORY = new CommandLine.IFactory() {
        @Override
        public <T> T create(Class<T> type) throws Exception {
            return CommandLine.defaultFactory().create(type);
        }
    };

    private static final int FAILED = 1;
    private static final int USAGE = 2;

    private final ServerLauncher launcher;
    private final ConfigEnvironment environment;
    private final PrintStream out;
    private final PrintStream err;
    private final OnShutdown onShutdown;

    /** @param onShutdown takes what is to be done when the system asks the process to end */
    public Zeolite(
            ServerLauncher launcher,
            ConfigEnvironment environment,
            PrintStream out,
            PrintStream err,
            OnShutdown onShutdown) {
        this.launcher = launcher;
        this.environment = environment;
        this.out = out;
        this.err = err;
        this.onShutdown = onShutdown;
    }

    /** Whether these arguments start a server, now or in the build's training. */
    static boolean startsServer(String... arguments) {
        return arguments.length > 0 && (arguments[0].equals(SERVE) || arguments[0].equals(TRAINING));
    }

    /** Runs a command until it has ended; for a server, that is when it is told to stop. */
    public int run(String... arguments) {
        String asked = arguments.length == 0 ? "" : arguments[0];
        ToolCommands tools = asked.equals(SERVE) ? null : new ToolCommands(environment, out, err);
        ToolCommand tool = tools == null ? null : tools.find(asked);
        try {
            ServeOptions usual = asked.equals(SERVE)
                    ? ServeOptions.ofUsual(List.of(arguments).subList(1, arguments.length))
                    : null;
            if (usual != null) {
                return serve(usual);
            }
            CommandLine commandLine = commandLine(spec(tools, asked)).setExpandAtFiles(false);
            ParseResult parsed = commandLine.parseArgs(arguments);
            ParseResult command = parsed.hasSubcommand() ? parsed.subcommand() : parsed;
            if (command.isVersionHelpRequested()) {
                commandLine.printVersionHelp(out);
                return 0;
            } else if (command.isUsageHelpRequested() || !parsed.hasSubcommand()) {
                command.commandSpec().commandLine().usage(out);
                return 0;
            }
            return tool == null ? run(command) : written(tool, tool.run(command));
        } catch (ParameterException e) {
            String name = e.getCommandLine().getCommandSpec().qualifiedName();
            return fail(e.getMessage() + "\nTry '" + name + " --help'.", tool == null ? USAGE : tool.usageStatus());
        } catch (ConfigException e) {
            return fail(e.getMessage(), tool == null ? USAGE : tool.usageStatus());
        } catch (IOException e) {
            return fail(describe(e), tool == null ? FAILED : tool.failureStatus());
        } catch (RuntimeException | Error e) {
            if (tool == null) {
                throw e;
            }
            // A bug. Monitors must not take it for a warning.
            err.print("zeolite: " + asked + " failed: ");
            e.printStackTrace(err);
            return tool.failureStatus();
        }
    }

    /** The status of a tool, unless what it has written did not arrive: a stream of Java's only remembers that. */
    private int written(ToolCommand tool, int status) {
        if (!out.checkError()) {
            return status;
        }
        return fail("cannot write the output", status == ExitStatus.OK ? tool.failureStatus() : status);
    }

    private int run(ParseResult command) throws ConfigException, IOException {
        return switch (command.commandSpec().name()) {
            case SERVE -> serve(ServeOptions.of(command));
            case TRAINING ->
                new ArchiveTraining(launcher, out, err, onShutdown).run(command.matchedPositionalValue(0, null));
            default -> throw new IllegalStateException("command without code");
        };
    }

    private int serve(ServeOptions options) throws ConfigException, IOException {
        return new ServeCommand(launcher, environment, out, onShutdown).run(options);
    }

    private static CommandSpec spec(@Nullable ToolCommands tools, String asked) {
        CommandSpec root = command().name("zeolite").addOption(helpOption());
        root.addOption(OptionSpec.builder("-V", "--version")
                .versionHelp(true)
                .description("show the version and exit")
                .build());
        root.version("zeolite " + version());
        root.usageMessage()
                .description("A ZEO storage server for ZODB, and tools for its files and for any ZEO server.");
        root.addSubcommand(SERVE, commandLine(ServeCommand.spec()));
        if (tools != null) {
            tools.addTo(root, asked);
        }
        CommandSpec training = command();
        training.usageMessage().hidden(true);
        training.addPositional(PositionalParamSpec.builder()
                .paramLabel("CERTIFICATE")
                .arity("0..1")
                .type(Path.class)
                .build());
        return root.addSubcommand(TRAINING, commandLine(training));
    }

    /** A command without anything yet. */
    static CommandSpec command() {
        return CommandSpec.wrapWithoutInspection(null, FACTORY);
    }

    static CommandLine commandLine(CommandSpec spec) {
        return new CommandLine(spec, FACTORY);
    }

    static OptionSpec helpOption() {
        return OptionSpec.builder("-h", "--help")
                .usageHelp(true)
                .description("show this and exit")
                .build();
    }

    private int fail(@Nullable String message, int status) {
        err.println("zeolite: " + message);
        return status;
    }

    /** The message of a failure; the exceptions of {@code java.nio.file} have only a path as theirs. */
    private static String describe(IOException failure) {
        if (failure instanceof NoSuchFileException missing && missing.getReason() == null) {
            return "no such file or directory: " + missing.getFile();
        } else if (failure instanceof AccessDeniedException denied) {
            return "permission denied: " + denied.getFile();
        }
        return Objects.requireNonNullElse(failure.getMessage(), failure.toString());
    }

    private static String version() {
        return Objects.requireNonNullElse(Zeolite.class.getPackage().getImplementationVersion(), "(development)");
    }
}
