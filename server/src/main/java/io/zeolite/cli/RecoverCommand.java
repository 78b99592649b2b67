package io.zeolite.cli;

import io.zeolite.tool.Console;
import io.zeolite.tool.recover.Recover;
import java.io.IOException;
import java.nio.file.Path;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/** {@code zeolite recover}. */
record RecoverCommand(Console console) implements ToolCommand {
    private static final String PARTIAL = "--partial";
    private static final String FORCE = "--force";

    @Override
    public CommandSpec spec() {
        CommandSpec spec = Zeolite.command();
        spec.addPositional(Options.argument(0, "DAMAGED", "the damaged data file, which is only read"));
        spec.addPositional(Options.argument(1, "OUTPUT", "the new data file"));
        spec.addOption(Options.flag(
                "of a transaction with a damaged record, copy those before it (otherwise all of it is left out)",
                "-p",
                PARTIAL));
        spec.addOption(Options.flag("replace OUTPUT if it is there", "-f", FORCE));
        Options.addJson(spec);
        spec.usageMessage().footer("", "Exit status: 0 nothing was lost, 3 something was, 1 it could not be done.");
        return spec;
    }

    @Override
    public int run(ParseResult options) throws IOException {
        Recover.Options asked = new Recover.Options(
                Path.of(Options.argument(options, 0)),
                Path.of(Options.argument(options, 1)),
                Options.isSet(options, PARTIAL),
                Options.isSet(options, FORCE),
                Options.json(options));
        return new Recover(asked, console).run();
    }
}
