package io.zeolite.cli;

import io.zeolite.blob.file.DirectoryStore;
import io.zeolite.blob.tier.RetryingStore;
import io.zeolite.blob.tier.TierSettings;
import io.zeolite.config.ConfigEnvironment;
import io.zeolite.config.StorageConfig.ColdStorage;
import io.zeolite.config.StorageConfig.ColdStore;
import io.zeolite.config.zconfig.ConfigException;
import io.zeolite.tool.Console;
import io.zeolite.tool.blobs.Mirror;
import io.zeolite.tool.blobs.Site;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/** {@code zeolite mirror-blobs}. */
record MirrorBlobsCommand(ConfigEnvironment environment, Console console) implements ToolCommand {
    private static final String TO = "--to";
    private static final String TEMPORARY = "--temp-dir";
    private static final String DRY_RUN = "--dry-run";
    private static final String FILE_URL = "file://";

    @Override
    public CommandSpec spec() {
        CommandSpec spec = Zeolite.command();
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
        ColdStorage source = SiteOptions.coldStorage(options, environment);
        String to = options.matchedOptionValue(TO, "");
        @Nullable
        ColdStorage other =
                to.startsWith(FILE_URL + "/") ? null : SiteOptions.otherColdStorage(Path.of(to), options, environment);
        ColdStore store =
                other == null ? new ColdStore.Directory(Path.of(to.substring(FILE_URL.length()))) : other.store();
        if (isSame(source.store(), store)) {
            throw new IOException("the mirror is the bucket itself: " + to + " (expected: another one)");
        }
        if (other != null && !Files.isDirectory(other.blobDirectory())) {
            throw new IOException("no such directory: " + other.blobDirectory().toAbsolutePath() + " (the blob-dir in "
                    + to + "; it has to be there, since it says whose the bucket is)");
        }
        try (Site site = SiteOptions.site(options, environment);
                RetryingStore target = target(other, store)) {
            return new Mirror(site, target, (other == null ? source : other).layout(), asked, console).run();
        }
    }

    private static RetryingStore target(@Nullable ColdStorage storage, ColdStore store) {
        if (storage != null) {
            return new RetryingStore(ColdBlobsOpener.store(storage), storage.tier());
        }
        return new RetryingStore(new DirectoryStore(((ColdStore.Directory) store).root()), TierSettings.DEFAULT);
    }

    /** Whether objects of the one have the same places as those of the other; bucket names are unique for one store only. */
    private static boolean isSame(ColdStore a, ColdStore b) throws IOException {
        if (a instanceof ColdStore.Bucket first && b instanceof ColdStore.Bucket second) {
            return first.settings().bucket().equals(second.settings().bucket())
                    && first.settings().prefix().equals(second.settings().prefix())
                    && Objects.equals(endpoint(first), endpoint(second));
        }
        return a instanceof ColdStore.Directory first
                && b instanceof ColdStore.Directory second
                && isSame(absolute(first), absolute(second));
    }

    /** Without a slash at its end, which says nothing; letters of the host are compared whatever their case. */
    private static @Nullable URI endpoint(ColdStore.Bucket bucket) {
        URI endpoint = bucket.settings().endpoint();
        String text = String.valueOf(endpoint);
        return text.endsWith("/") ? URI.create(text.substring(0, text.length() - 1)) : endpoint;
    }

    /** Whether links lead from the one to the other, too. */
    private static boolean isSame(Path a, Path b) throws IOException {
        return a.equals(b) || (Files.exists(a) && Files.exists(b) && Files.isSameFile(a, b));
    }

    private static Path absolute(ColdStore.Directory directory) {
        return directory.root().toAbsolutePath().normalize();
    }
}
