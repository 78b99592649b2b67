package io.zeolite.cli;

import io.zeolite.config.zconfig.ConfigException;
import io.zeolite.tool.Console;
import io.zeolite.tool.dump.TransactionLogListing;
import java.io.IOException;
import java.nio.file.Path;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/** {@code zeolite log}. */
record LogCommand(Console console) implements ToolCommand {
    private static final String REVERSE = "--reverse";

    @Override
    public CommandSpec spec() {
        CommandSpec spec = Zeolite.command();
        SelectionOptions.addTo(spec);
        spec.addOption(Options.flag("the oldest of them first", REVERSE));
        spec.addOption(Options.flag("write a line of JSON for each transaction", "--json"));
        return spec;
    }

    @Override
    public int run(ParseResult options) throws ConfigException, IOException {
        TransactionLogListing.Options asked = new TransactionLogListing.Options(
                SelectionOptions.selection(options), Options.isSet(options, REVERSE), Options.json(options));
        return new TransactionLogListing(Path.of(Options.argument(options, 0)), asked, console).run();
    }
}
