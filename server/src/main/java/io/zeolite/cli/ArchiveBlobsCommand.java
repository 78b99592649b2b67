package io.zeolite.cli;

import io.zeolite.blob.BlobStore;
import io.zeolite.blob.directory.BlobDirectory;
import io.zeolite.blob.tier.Archiver;
import io.zeolite.blob.tier.Archiver.Afterwards;
import io.zeolite.blob.tier.Archiver.Candidate;
import io.zeolite.blob.tier.Archiver.Selection;
import io.zeolite.blob.tier.Archiver.Step;
import io.zeolite.config.ConfigEnvironment;
import io.zeolite.config.ServerConfig;
import io.zeolite.config.ServerConfig.NamedStorage;
import io.zeolite.config.ServerConfig.Overrides;
import io.zeolite.config.StorageConfig;
import io.zeolite.config.StorageConfig.BlobStorage;
import io.zeolite.config.StorageConfig.ColdStorage;
import io.zeolite.config.StorageConfig.FileStorage;
import io.zeolite.config.zconfig.ConfigException;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/** {@code zeolite archive-blobs}: copies blobs to the bucket, and lets go of the local files. */
final class ArchiveBlobsCommand {
    private static final String CONFIGURE = "--configure";
    private static final String NAME = "--name";
    private static final String AGE = "--age";
    private static final String SIZE = "--size";
    private static final String DESTROY = "--destroy";
    private static final String BACKUP = "--backup";
    private static final String DRY_RUN = "--dry-run";
    private static final String LIMIT = "--limit";

    private final ConfigEnvironment environment;
    private final PrintStream out;

    private long proven;
    private long written;
    private long bytes;
    private Step.@Nullable Failed failed;

    ArchiveBlobsCommand(ConfigEnvironment environment, PrintStream out) {
        this.environment = environment;
        this.out = out;
    }

    static CommandSpec spec() {
        CommandSpec spec = CommandSpec.create();
        spec.usageMessage()
                .description("Copies blobs to the bucket of an <s3blobs> section, and proves each copy by reading it"
                        + " back. A server may run meanwhile.");
        spec.addOption(OptionSpec.builder("-C", CONFIGURE)
                .paramLabel("FILE")
                .required(true)
                .description("configuration file (zeo.conf)")
                .type(String.class)
                .build());
        spec.addOption(OptionSpec.builder("-n", NAME)
                .paramLabel("NAME")
                .description("the storage, if there are several with a bucket")
                .type(String.class)
                .build());
        spec.addOption(number("-a", AGE, "DAYS", "blobs that are older", "1"));
        spec.addOption(number("-s", SIZE, "BYTES", "blobs that are larger", "0"));
        spec.addOption(number(null, LIMIT, "N", "no more than so many", Integer.toString(Integer.MAX_VALUE)));
        spec.addOption(flag("-d", DESTROY, "remove the local file once its copy is proven"));
        spec.addOption(flag("-b", BACKUP, "rename the local file to end in .bak instead"));
        spec.addOption(flag(null, DRY_RUN, "say what would be copied, and do nothing"));
        return spec.addOption(Zeolite.helpOption());
    }

    private static OptionSpec number(
            @Nullable String letter, String name, String label, String description, String otherwise) {
        OptionSpec.Builder builder = letter == null ? OptionSpec.builder(name) : OptionSpec.builder(letter, name);
        return builder.paramLabel(label)
                .description(description + " (default: " + otherwise + ")")
                .type(Long.class)
                .defaultValue(otherwise)
                .build();
    }

    private static OptionSpec flag(@Nullable String letter, String name, String description) {
        OptionSpec.Builder builder = letter == null ? OptionSpec.builder(name) : OptionSpec.builder(letter, name);
        return builder.description(description).arity("0").type(Boolean.class).build();
    }

    /** @return the exit status */
    int run(ParseResult options) throws ConfigException, IOException {
        String file = options.matchedOptionValue(CONFIGURE, "");
        ServerConfig config = ServerConfig.load(Path.of(file), Overrides.NONE, environment);
        ColdStorage storage = storage(config, options.matchedOptionValue(NAME, null));
        BlobDirectory directory = BlobDirectory.openReadOnly(directory(storage.base()));
        try (BlobStore store = ColdBlobsOpener.store(storage)) {
            Archiver archiver = new Archiver(directory, store, storage.layout(), storage.tier());
            long days = value(options, AGE);
            List<Candidate> blobs = archiver.select(new Selection(
                    Instant.now().minus(Duration.ofDays(days)), value(options, SIZE), value(options, LIMIT)));
            if (options.hasMatchedOption(DRY_RUN)) {
                blobs.forEach(blob -> out.println(blob.size() + " " + blob.file()));
                out.println(blobs.size() + " blobs, "
                        + blobs.stream().mapToLong(Candidate::size).sum() + " bytes would go to " + store.name());
                return 0;
            }
            archiver.archive(blobs, afterwards(options), this::note);
            out.println(proven + " of " + blobs.size() + " blobs are proven to be in " + store.name() + ", " + written
                    + " of them written now; " + bytes + " bytes");
        }
        if (failed != null) {
            throw new IOException("some blobs were not archived and are as they were, the last one "
                    + failed.blob().file() + ": " + failed.failure().getMessage());
        }
        return 0;
    }

    private static long value(ParseResult options, String name) {
        return (Long) options.commandSpec().findOption(name).getValue();
    }

    private static Afterwards afterwards(ParseResult options) {
        if (options.hasMatchedOption(BACKUP)) {
            return Afterwards.BACK_UP;
        }
        return options.hasMatchedOption(DESTROY) ? Afterwards.REMOVE : Afterwards.KEEP;
    }

    private void note(Step step) {
        if (step instanceof Step.Proven done) {
            proven++;
            written += done.written() ? 1 : 0;
            bytes += done.blob().size();
        } else if (step instanceof Step.Failed failure) {
            failed = failure;
            out.println(failure.blob().file() + ": " + failure.failure().getMessage());
        }
    }

    private static ColdStorage storage(ServerConfig config, @Nullable String name) throws IOException {
        List<NamedStorage> found = config.storages().stream()
                .filter(named -> named.storage() instanceof ColdStorage)
                .filter(named -> name == null || name.equals(named.name()))
                .toList();
        if (found.size() != 1) {
            throw new IOException(found.size() + " storages with a bucket"
                    + (name == null ? "" : " and the name " + name) + " (expected one; -n names it)");
        }
        return (ColdStorage) found.get(0).storage();
    }

    private static Path directory(StorageConfig base) throws IOException {
        if (base instanceof BlobStorage blobs) {
            return blobs.blobDirectory();
        } else if (base instanceof FileStorage file && file.blobDirectory() != null) {
            return file.blobDirectory();
        }
        throw new IOException("a storage without a blob directory");
    }
}
