package io.zeolite.cli;

import io.zeolite.config.ConfigEnvironment;
import io.zeolite.config.zconfig.ConfigException;
import io.zeolite.tool.Console;
import io.zeolite.tool.blobs.GcBucket;
import io.zeolite.tool.blobs.Site;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/** {@code zeolite gc-bucket}. */
record GcBucketCommand(ConfigEnvironment environment, Console console) implements ToolCommand {
    private static final String GRACE = "--grace";
    private static final String ALSO = "--also";
    private static final String DELETE = "--delete";
    private static final String FORCE = "--force";

    @Override
    public CommandSpec spec() {
        CommandSpec spec = Zeolite.command();
        SiteOptions.addTo(spec);
        spec.addOption(Options.value(
                Integer.class, "DAYS", "objects that are younger stay (default: the server's gc-grace)", GRACE));
        spec.addOption(OptionSpec.builder(ALSO)
                .paramLabel("PATH")
                .description("what this data file has stays too: a backup, a copy; may be given several times")
                .type(List.class)
                .auxiliaryTypes(Path.class)
                .arity("1")
                .build());
        spec.addOption(Options.flag("delete them (without it, they are only listed)", DELETE));
        spec.addOption(Options.flag(
                "also if that is more than half of the objects, or some are later than all data files", FORCE));
        Options.addJson(spec);
        spec.usageMessage()
                .footer(
                        "",
                        "What Data.fs and Data.fs.old have in any revision stays, and so do objects that have no name of"
                                + " a blob or another prefix. A server may run meanwhile.");
        return spec;
    }

    @Override
    public int run(ParseResult options) throws ConfigException, IOException {
        @Nullable Integer days = options.matchedOptionValue(GRACE, null);
        if (days != null && days < 0) {
            throw new ConfigException(GRACE + ": " + days + " (expected: 0 or more)");
        }
        List<Path> also = options.matchedOptionValue(ALSO, List.of());
        GcBucket.Options asked = new GcBucket.Options(
                days == null ? null : Duration.ofDays(days),
                also,
                Options.isSet(options, DELETE),
                Options.isSet(options, FORCE),
                Options.json(options));
        try (Site site = SiteOptions.site(options, environment)) {
            return new GcBucket(site, asked, Instant.now(), console).run();
        }
    }
}
