package io.zeolite.cli;

import io.zeolite.config.zconfig.ConfigException;
import io.zeolite.tool.Console;
import io.zeolite.tool.remote.UndoLog;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/** {@code zeolite undo-log}. */
record UndoLogCommand(Console console) implements ToolCommand {
    private static final String SKIP = "--skip";
    private static final String LIMIT = "--limit";
    private static final String USER = "--user";
    private static final String DESCRIPTION = "--description";
    private static final int DEFAULT_LIMIT = 20;

    @Override
    public CommandSpec spec() {
        CommandSpec spec = Zeolite.command();
        RemoteOptions.addTo(spec);
        RemoteOptions.addStorageTo(spec);
        Options.addJson(spec);
        spec.addOption(Options.value(Integer.class, "N", "leave out the N newest (default: 0)", SKIP));
        spec.addOption(
                Options.value(Integer.class, "N", "so many at most (default: " + DEFAULT_LIMIT + ")", "-n", LIMIT));
        spec.addOption(Options.value(String.class, "TEXT", "only those with this user name", USER));
        spec.addOption(Options.value(String.class, "TEXT", "only those with this description", DESCRIPTION));
        return spec;
    }

    @Override
    public int run(ParseResult options) throws ConfigException, IOException {
        int skip = options.matchedOptionValue(SKIP, 0);
        int limit = options.matchedOptionValue(LIMIT, DEFAULT_LIMIT);
        if (skip < 0) {
            throw new ConfigException(SKIP + ": " + skip + " (expected: 0 or more)");
        }
        if (limit < 1) {
            throw new ConfigException(LIMIT + ": " + limit + " (expected: 1 or more)");
        }
        @Nullable String user = options.matchedOptionValue(USER, null);
        @Nullable String description = options.matchedOptionValue(DESCRIPTION, null);
        UndoLog.Options asked = new UndoLog.Options(
                RemoteOptions.storage(options), skip, limit, user, description, Options.json(options));
        return new UndoLog(RemoteOptions.server(options), asked, console).run();
    }
}
