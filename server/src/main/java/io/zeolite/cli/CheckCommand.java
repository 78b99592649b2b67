package io.zeolite.cli;

import io.zeolite.config.zconfig.ConfigException;
import io.zeolite.tool.Console;
import io.zeolite.tool.check.Check;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/** {@code zeolite check}. */
record CheckCommand(Console console) implements ToolCommand {
    private static final String BLOB_DIRECTORY = "--blob-dir";
    private static final String NO_REFERENCES = "--no-references";
    private static final String SHOW = "--show";
    private static final int DEFAULT_SHOWN = 100;

    @Override
    public boolean isForMonitors() {
        return true;
    }

    @Override
    public CommandSpec spec() {
        CommandSpec spec = Zeolite.command();
        spec.addPositional(Options.argument(0, "PATH", "the data file (Data.fs); a server may be writing to it"));
        spec.addOption(Options.value(Path.class, "DIR", "its blob directory, to be checked too", BLOB_DIRECTORY));
        spec.addOption(Options.flag("do not look for references to missing objects", NO_REFERENCES));
        spec.addOption(Options.value(
                Integer.class, "N", "show so many problems of each kind (default: " + DEFAULT_SHOWN + ")", SHOW));
        Options.addJson(spec);
        spec.usageMessage()
                .footer(
                        "",
                        "Nothing is changed. Exit status: 0 nothing wrong, 1 warnings, 2 errors, 3 it could not be checked.");
        return spec;
    }

    @Override
    public int run(ParseResult options) throws ConfigException, IOException {
        int shown = options.matchedOptionValue(SHOW, DEFAULT_SHOWN);
        if (shown < 0) {
            throw new ConfigException(SHOW + ": " + shown + " (expected: 0 or more)");
        }
        @Nullable Path blobs = options.matchedOptionValue(BLOB_DIRECTORY, null);
        Check.Options asked = new Check.Options(
                Path.of(Options.argument(options, 0)),
                blobs,
                !Options.isSet(options, NO_REFERENCES),
                shown,
                Options.json(options));
        return new Check(asked, console).run();
    }
}
