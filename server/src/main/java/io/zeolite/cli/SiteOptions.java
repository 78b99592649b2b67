package io.zeolite.cli;

import io.zeolite.blob.tier.RetryingStore;
import io.zeolite.config.ConfigEnvironment;
import io.zeolite.config.ServerConfig;
import io.zeolite.config.ServerConfig.NamedStorage;
import io.zeolite.config.ServerConfig.Overrides;
import io.zeolite.config.StorageConfig;
import io.zeolite.config.StorageConfig.BlobStorage;
import io.zeolite.config.StorageConfig.ColdStorage;
import io.zeolite.config.StorageConfig.FileStorage;
import io.zeolite.config.zconfig.ConfigException;
import io.zeolite.tool.blobs.Site;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/** The options that say which storage of a configuration a tool for blobs works on. */
final class SiteOptions {
    private static final String CONFIGURE = "--configure";
    private static final String NAME = "--name";

    /** Where the server deletes nothing by itself. */
    private static final Duration USUAL_GRACE = Duration.ofDays(7);

    private SiteOptions() {}

    /** For tools that need a bucket. */
    static void addTo(CommandSpec spec) {
        addTo(spec, "a bucket");
    }

    /** For tools that also work without a bucket. */
    static void addForAnyTo(CommandSpec spec) {
        addTo(spec, "blobs");
    }

    private static void addTo(CommandSpec spec, String what) {
        spec.addOption(OptionSpec.builder("-C", CONFIGURE)
                .paramLabel("FILE")
                .required(true)
                .description("the server's configuration file (zeo.conf)")
                .type(String.class)
                .build());
        spec.addOption(
                Options.value(String.class, "NAME", "the storage, if there are several with " + what, "-n", NAME));
    }

    /** The only one with a bucket, if none is named. Sends no request yet. The caller closes it. */
    static Site site(ParseResult options, ConfigEnvironment environment) throws ConfigException, IOException {
        return site(storage(options, true, environment));
    }

    /** The same, but the only one with blobs: where one of several has a bucket, the others are not to be passed over. */
    static Site anySite(ParseResult options, ConfigEnvironment environment) throws ConfigException, IOException {
        return site(storage(options, false, environment));
    }

    private static Site site(NamedStorage named) throws IOException {
        StorageConfig base = named.storage() instanceof ColdStorage cold ? cold.base() : named.storage();
        Path blobs = blobDirectory(base);
        if (blobs == null) {
            throw new IOException("storage " + named.name() + " has no blob directory");
        }
        StorageConfig records = base instanceof BlobStorage around ? around.base() : base;
        @Nullable Path data = records instanceof FileStorage file ? file.path() : null;
        return new Site(named.name(), data, blobs, cold(named.storage()));
    }

    /** The same storage, if it has a bucket. */
    static ColdStorage coldStorage(ParseResult options, ConfigEnvironment environment)
            throws ConfigException, IOException {
        return coldStorage(storage(options, true, environment));
    }

    /** The storage with a bucket that another configuration has: the one of the same name, or else the only one. */
    static ColdStorage otherColdStorage(Path file, ParseResult options, ConfigEnvironment environment)
            throws ConfigException, IOException {
        String name = storage(options, true, environment).name();
        boolean has = storages(file, environment).stream()
                .anyMatch(named ->
                        named.storage() instanceof ColdStorage && named.name().equals(name));
        return coldStorage(storage(file, has ? name : null, true, environment));
    }

    private static ColdStorage coldStorage(NamedStorage named) throws IOException {
        if (named.storage() instanceof ColdStorage cold) {
            return cold;
        }
        throw new IOException("storage " + named.name() + " has no bucket (expected: an <s3blobs> section around it)");
    }

    private static Site.@Nullable Cold cold(StorageConfig storage) {
        if (!(storage instanceof ColdStorage cold)) {
            return null;
        }
        RetryingStore store = new RetryingStore(ColdBlobsOpener.store(cold), cold.tier());
        return new Site.Cold(
                store,
                cold.layout(),
                cold.readOnlyBucket(),
                Objects.requireNonNullElse(cold.upkeep().gcGrace(), USUAL_GRACE),
                cold.cache().directory());
    }

    private static NamedStorage storage(ParseResult options, boolean needsBucket, ConfigEnvironment environment)
            throws ConfigException, IOException {
        return storage(
                Path.of(options.matchedOptionValue(CONFIGURE, "")),
                options.matchedOptionValue(NAME, null),
                needsBucket,
                environment);
    }

    private static NamedStorage storage(
            Path file, @Nullable String name, boolean needsBucket, ConfigEnvironment environment)
            throws ConfigException, IOException {
        List<NamedStorage> all = storages(file, environment);
        List<NamedStorage> cold = all.stream()
                .filter(named -> named.storage() instanceof ColdStorage)
                .toList();
        List<NamedStorage> found = (name == null && needsBucket && !cold.isEmpty() ? cold : all)
                .stream()
                        .filter(named -> name == null ? hasBlobs(named.storage()) : name.equals(named.name()))
                        .toList();
        if (found.size() != 1) {
            throw new IOException(file + ": " + found.size() + " storages with blobs"
                    + (name == null ? "" : " and the name " + name) + " (expected one; " + NAME + " names it)");
        }
        return found.get(0);
    }

    private static List<NamedStorage> storages(Path file, ConfigEnvironment environment)
            throws ConfigException, IOException {
        return ServerConfig.load(file, Overrides.NONE, environment).storages();
    }

    private static boolean hasBlobs(StorageConfig storage) {
        return storage instanceof ColdStorage || blobDirectory(storage) != null;
    }

    private static @Nullable Path blobDirectory(StorageConfig base) {
        if (base instanceof BlobStorage blobs) {
            return blobs.blobDirectory();
        }
        return base instanceof FileStorage file ? file.blobDirectory() : null;
    }
}
