package io.zeolite.cli;

import io.zeolite.config.ConfigEnvironment;
import io.zeolite.config.zconfig.ConfigException;
import io.zeolite.tool.Console;
import io.zeolite.tool.blobs.Site;
import io.zeolite.tool.blobs.Stats;
import java.io.IOException;
import java.time.Instant;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/** {@code zeolite blob-stats}. */
record BlobStatsCommand(ConfigEnvironment environment, Console console) implements ToolCommand {
    @Override
    public CommandSpec spec() {
        CommandSpec spec = Zeolite.command();
        SiteOptions.addForAnyTo(spec);
        Options.addJson(spec);
        spec.usageMessage().footer("", "Works without a bucket too. Nothing is changed; a server may run meanwhile.");
        return spec;
    }

    @Override
    public int run(ParseResult options) throws ConfigException, IOException {
        try (Site site = SiteOptions.anySite(options, environment)) {
            return new Stats(site, Instant.now(), Options.json(options), console).run();
        }
    }
}
