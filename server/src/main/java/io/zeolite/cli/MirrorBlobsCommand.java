package io.zeolite.cli;

import io.zeolite.blob.file.DirectoryStore;
import io.zeolite.blob.tier.RetryingStore;
import io.zeolite.blob.tier.TierSettings;
import io.zeolite.config.ConfigEnvironment;
import io.zeolite.config.StorageConfig.ColdStorage;
import io.zeolite.config.zconfig.ConfigException;
import io.zeolite.tool.Console;
import io.zeolite.tool.blobs.Mirror;
import io.zeolite.tool.blobs.Site;
import java.io.IOException;
import java.nio.file.Path;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/** {@code zeolite mirror-blobs}. */
final class MirrorBlobsCommand implements ToolCommand {
    private static final String TO = "--to";
    private static final String TEMPORARY = "--temp-dir";
    private static final String DRY_RUN = "--dry-run";
    private static final String FILE_URL = "file://";

    private final ConfigEnvironment environment;
    private final Console console;

    MirrorBlobsCommand(ConfigEnvironment environment, Console console) {
        this.environment = environment;
        this.console = console;
    }

    @Override
    public CommandSpec spec() {
        CommandSpec spec = CommandSpec.create();
        SiteOptions.addTo(spec);
        spec.addOption(OptionSpec.builder(TO)
                .paramLabel("TARGET")
                .required(true)
                .description(
                        "a configuration file whose <s3blobs> section names the other bucket, or file:///directory")
                .type(String.class)
                .build());
        spec.addOption(Options.value(
                Path.class, "DIR", "where objects lie on their way (default: that for temporary files)", TEMPORARY));
        spec.addOption(Options.flag("say how much would be copied, and do nothing", DRY_RUN));
        EffortOptions.addTo(spec);
        Options.addJson(spec);
        spec.usageMessage()
                .footer(
                        "",
                        "Copies what is not there yet; nothing is deleted. It can be interrupted at any time and run"
                                + " again. Exit status: 0 all objects are there, 1 some are not.");
        return spec;
    }

    @Override
    public int run(ParseResult options) throws ConfigException, IOException {
        Path temporary = options.matchedOptionValue(TEMPORARY, Path.of(System.getProperty("java.io.tmpdir")));
        Mirror.Options asked = new Mirror.Options(
                temporary, EffortOptions.effort(options), Options.isSet(options, DRY_RUN), Options.json(options));
        try (Site site = SiteOptions.site(options, environment);
                RetryingStore target = target(options)) {
            return new Mirror(site, target, asked, console).run();
        }
    }

    private RetryingStore target(ParseResult options) throws ConfigException, IOException {
        String to = options.matchedOptionValue(TO, "");
        if (to.startsWith(FILE_URL + "/")) {
            return new RetryingStore(
                    new DirectoryStore(Path.of(to.substring(FILE_URL.length()))), TierSettings.DEFAULT);
        }
        ColdStorage storage = SiteOptions.coldStorage(Path.of(to), environment);
        return new RetryingStore(ColdBlobsOpener.store(storage), storage.tier());
    }
}
