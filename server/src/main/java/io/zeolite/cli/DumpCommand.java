package io.zeolite.cli;

import io.zeolite.config.zconfig.ConfigException;
import io.zeolite.tool.Console;
import io.zeolite.tool.dump.Dump;
import java.io.IOException;
import java.nio.file.Path;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/** {@code zeolite dump}. */
record DumpCommand(Console console) implements ToolCommand {
    @Override
    public CommandSpec spec() {
        CommandSpec spec = Zeolite.command();
        SelectionOptions.addTo(spec);
        spec.addOption(Options.flag("write a line of JSON for each transaction", "--json"));
        return spec;
    }

    @Override
    public int run(ParseResult options) throws ConfigException, IOException {
        Dump.Options asked = new Dump.Options(SelectionOptions.selection(options), Options.json(options));
        return new Dump(Path.of(Options.argument(options, 0)), asked, console).run();
    }
}
