package io.zeolite.cli;

import io.zeolite.config.ConfigEnvironment;
import io.zeolite.config.zconfig.ConfigException;
import io.zeolite.tool.Console;
import io.zeolite.tool.blobs.Site;
import io.zeolite.tool.blobs.Verify;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/** {@code zeolite verify-blobs}. */
record VerifyBlobsCommand(ConfigEnvironment environment, Console console) implements ToolCommand {
    private static final String DEEP = "--deep";
    private static final String REPAIR_FROM = "--repair-from";
    private static final String SHOW = "--show";
    private static final int DEFAULT_SHOWN = 100;

    @Override
    public boolean isForMonitors() {
        return true;
    }

    @Override
    public CommandSpec spec() {
        CommandSpec spec = Zeolite.command();
        SiteOptions.addForAnyTo(spec);
        spec.addOption(Options.flag("read all bytes, here and in the bucket, and compare checksums", DEEP));
        spec.addOption(OptionSpec.builder(REPAIR_FROM)
                .paramLabel("DIR")
                .description("bring missing blobs back from this directory: the blob cache of a client, another blob"
                        + " directory, a copy of a bucket; may be given several times")
                .type(List.class)
                .auxiliaryTypes(Path.class)
                .arity("1")
                .build());
        spec.addOption(
                Options.value(Integer.class, "N", "show so many problems (default: " + DEFAULT_SHOWN + ")", SHOW));
        EffortOptions.addTo(spec);
        Options.addJson(spec);
        spec.usageMessage()
                .footer(
                        "",
                        "Nothing is changed but by --repair-from. A server may run meanwhile."
                                + " Exit status: 0 all is there, 2 errors, 3 not all could be verified.");
        return spec;
    }

    @Override
    public int run(ParseResult options) throws ConfigException, IOException {
        int shown = options.matchedOptionValue(SHOW, DEFAULT_SHOWN);
        if (shown < 0) {
            throw new ConfigException(SHOW + ": " + shown + " (expected: 0 or more)");
        }
        List<Path> sources = options.matchedOptionValue(REPAIR_FROM, List.of());
        Verify.Options asked = new Verify.Options(
                Options.isSet(options, DEEP), sources, EffortOptions.effort(options), shown, Options.json(options));
        try (Site site = SiteOptions.anySite(options, environment)) {
            return new Verify(site, asked, console).run();
        }
    }
}
