package io.zeolite.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.zeolite.blob.directory.BlobDirectory;
import io.zeolite.config.ConfigEnvironment;
import io.zeolite.config.ServerConfig;
import io.zeolite.config.ServerConfig.NamedStorage;
import io.zeolite.config.ServerConfig.Overrides;
import io.zeolite.config.zconfig.ConfigException;
import io.zeolite.logging.RecordedLog;
import io.zeolite.storage.file.DataFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StorageOpenerTest {
    private static final String FILE = "<filestorage>\npath Data.fs\nblob-dir blobs\n</filestorage>\n";

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it.
    private Path directory;

    private final ServerThreads threads = new ServerThreads();

    @BeforeEach
    void makeSite() throws IOException {
        new DataFile()
                .transaction(0x03f1a2b3c4d5e600L)
                .store(0, "root")
                .finish()
                .writeTo(directory.resolve("Data.fs"));
        Files.createDirectory(directory.resolve("bucket"));
    }

    @AfterEach
    void endThreads() {
        threads.close();
    }

    private List<String> open(String storage) throws IOException, ConfigException {
        Files.writeString(directory.resolve("zeo.conf"), "<zeo>\naddress 8100\n</zeo>\n" + storage);
        ServerConfig config =
                ServerConfig.load(Path.of("zeo.conf"), Overrides.NONE, new ConfigEnvironment(Map.of(), directory));
        NamedStorage named = config.storages().get(0);
        try (RecordedLog log = new RecordedLog("ZEO.runzeo")) {
            new StorageOpener(config.zeo(), threads)
                    .open(named.name(), named.storage())
                    .close();
            return log.lines();
        }
    }

    private String inFrontOfABucket(String line) {
        return "<s3blobs>\nbucket " + directory.resolve("bucket").toUri() + "\ncache-dir cache\n" + line + "\n" + FILE
                + "</s3blobs>\n";
    }

    private String newDirectory(String level, String consequence) {
        return level + " " + directory.resolve("Data.fs") + " has transactions, and the blob directory "
                + directory.resolve("blobs") + " is new" + consequence;
    }

    @Test
    void open_newBlobDirectory_isWarnedOfOnce() throws Exception {
        assertThat(open(FILE))
                .containsExactly(newDirectory(
                        "WARNING",
                        ". If there have been blobs, their disk is not mounted perhaps: stop the server before more are"
                                + " stored"));
        assertThat(open(FILE)).isEmpty();
    }

    @Test
    void open_newBlobDirectoryInFrontOfABucket_isWarnedOf() throws Exception {
        assertThat(open(inFrontOfABucket("")))
                .containsExactly(newDirectory(
                        "WARNING",
                        ": blobs that are not in the bucket are missing. If there have been any here, their disk is not"
                                + " mounted perhaps: stop the server before more are stored"));
        assertThat(open(inFrontOfABucket(""))).isEmpty();
    }

    /** As the first start of a developer's copy. */
    @Test
    void open_newBlobDirectoryInFrontOfABucketThatIsOnlyRead_isNoWarning() throws Exception {
        assertThat(open(inFrontOfABucket("read-only-bucket true")))
                .containsExactly(newDirectory("INFO", ": blobs that are not in the bucket cannot be read"));
    }

    @Test
    void open_blobDirectoryThatIsThere_isNothingToTell() throws Exception {
        BlobDirectory.open(directory.resolve("blobs")).close();
        assertThat(open(inFrontOfABucket(""))).isEmpty();
    }
}
