package io.zeolite.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.zeolite.blob.KeyLayout;
import io.zeolite.blob.s3.S3Settings;
import io.zeolite.blob.s3.S3Settings.Credentials;
import io.zeolite.blob.s3.S3Settings.Encryption;
import io.zeolite.blob.tier.ArchivePolicy;
import io.zeolite.blob.tier.Archiver;
import io.zeolite.client.blob.CacheLimit;
import io.zeolite.config.StorageConfig.BlobStorage;
import io.zeolite.config.StorageConfig.ColdStorage;
import io.zeolite.config.StorageConfig.ColdStore;
import io.zeolite.config.StorageConfig.FileStorage;
import io.zeolite.config.zconfig.ConfigException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalTime;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class S3SectionsTest {
    private static final String ZEO = "<zeo>\naddress 8100\n</zeo>\n";
    private static final String FILE = "<filestorage>\npath Data.fs\nblob-dir blobs\n</filestorage>\n";

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it.
    private Path directory;

    @SuppressWarnings("NullAway.Init") // Set before each test.
    private ConfigText text;

    @BeforeEach
    void setUp() {
        text = new ConfigText(directory);
    }

    private ColdStorage read(String sections) throws Exception {
        return (ColdStorage) text.read(ZEO + sections).storages().get(0).storage();
    }

    private static S3Settings settings(ColdStorage storage) {
        return ((ColdStore.Bucket) storage.store()).settings();
    }

    @Test
    void s3blobs_leastOfAll_hasAllDefaults() throws Exception {
        ColdStorage storage = read("<s3blobs main>\nbucket b\ncache-dir cache\n" + FILE + "</s3blobs>");
        assertThat(settings(storage))
                .isEqualTo(new S3Settings(
                        "b",
                        "",
                        null,
                        null,
                        null,
                        null,
                        new Encryption.Default(),
                        false,
                        new Credentials.DefaultChain(),
                        null,
                        Duration.ofSeconds(5),
                        Duration.ofSeconds(10),
                        316));
        assertThat(storage.layout()).isEqualTo(KeyLayout.FLAT);
        assertThat(storage.readOnlyBucket()).isFalse();
        assertThat(storage.cache())
                .isEqualTo(new StorageConfig.Cache(directory.resolve("cache"), new CacheLimit.Bytes(1L << 30), false));
        assertThat(storage.base()).isInstanceOf(FileStorage.class);
    }

    @Test
    void s3blobs_everything_isTaken() throws Exception {
        text.variables.put("KEY", "an-id");
        text.variables.put("SECRET", "very-secret-text");
        ColdStorage storage = read("<s3blobs 1>\nbucket b\nprefix /site/a/\nregion eu-central-1\n"
                + "endpoint https://s3.example.com:9000\npath-style no\nstorage-class STANDARD_IA\nsse aws:kms\n"
                + "sse-kms-key k\nsse-bucket-key no\nrequester-pays yes\naccess-key-variable KEY\n"
                + "secret-key-variable SECRET\nchecksums on\nkey-layout zodb-s3blobs\ncache-dir cache\ncache-size 20%\n"
                + "cache-verify on\nread-only-bucket true\nconnect-timeout 1s\nread-timeout 2s\nattempts 7\n"
                + "downloads 3\n" + FILE + "</s3blobs>");
        assertThat(settings(storage))
                .isEqualTo(new S3Settings(
                        "b",
                        "site/a/",
                        "eu-central-1",
                        URI.create("https://s3.example.com:9000"),
                        false,
                        "STANDARD_IA",
                        new Encryption.Kms("k", false),
                        true,
                        new Credentials.Keys("an-id", "very-secret-text", null),
                        true,
                        Duration.ofSeconds(1),
                        Duration.ofSeconds(2),
                        303));
        assertThat(storage.toString()).doesNotContain("very-secret-text");
        assertThat(storage.cache().limit()).isEqualTo(new CacheLimit.ShareOfDisk(20));
        assertThat(storage.tier().attempts()).isEqualTo(7);
        assertThat(storage.readOnlyBucket()).isTrue();
    }

    @Test
    void s3blobs_nothingSaidOfArchiving_onlyGarbageIsCollected() throws Exception {
        ColdStorage storage = read("<s3blobs>\nbucket b\ncache-dir c\n" + FILE + "</s3blobs>");
        assertThat(storage.upkeep()).isEqualTo(new StorageConfig.Upkeep(null, Duration.ofDays(7), null));
        assertThat(storage.blobDirectory()).isEqualTo(directory.resolve("blobs"));
        assertThat(storage.dataFile()).isEqualTo(directory.resolve("Data.fs"));
    }

    @Test
    void s3blobs_policy_isTaken() throws Exception {
        ColdStorage storage = read("<s3blobs>\nbucket b\ncache-dir c\narchive-age 1d\narchive-size 2MB\n"
                + "archive-interval 10m\narchive-window 22:30-05:00\narchive-disk-percent 80\narchive-rate 5MB\n"
                + "archive-parallel 3\ngc-grace 30d\nbucket-takeover unowned\n" + FILE + "</s3blobs>");
        ArchivePolicy policy = new ArchivePolicy(
                Duration.ofDays(1),
                2 << 20,
                Duration.ofMinutes(10),
                new ArchivePolicy.Window(LocalTime.of(22, 30), LocalTime.of(5, 0)),
                80,
                new Archiver.Effort(3, 5 << 20));
        assertThat(storage.upkeep()).isEqualTo(new StorageConfig.Upkeep(policy, Duration.ofDays(30), "unowned"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "archive-window 25:00-03:00| two times of the day",
                "archive-window 01:00| two times of the day",
                "archive-disk-percent 100| 1 to 99",
                "bucket-takeover mine| unowned",
                "storage-class GLACIER| storage-class: \"GLACIER\" (expected a class whose objects are read at once",
                "storage-class deep_archive| without being restored",
                "read-only-bucket true\\narchive-age 1d| archive-age and read-only-bucket true",
            })
    void s3blobs_wrongValue_isRefused(String lines, String message) {
        assertThatThrownBy(() -> read(
                        "<s3blobs>\nbucket b\ncache-dir c\n" + lines.replace("\\n", "\n") + "\n" + FILE + "</s3blobs>"))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining(message);
    }

    /** Elsewhere it may be a pool like any other. */
    @Test
    void s3blobs_classOfAnotherStoreThanAws_mayHaveAnyName() throws Exception {
        String start = "<s3blobs>\nbucket b\ncache-dir c\nstorage-class GLACIER\nendpoint https://";
        assertThat(settings(read(start + "rgw.example.com:7480\n" + FILE + "</s3blobs>"))
                        .storageClass())
                .isEqualTo("GLACIER");
        assertThatThrownBy(() -> read(start + "s3.eu-central-1.amazonaws.com\n" + FILE + "</s3blobs>"))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("without being restored");
    }

    @Test
    void s3blobs_prefixInADirectory_isBelowIt() throws Exception {
        String start = "<s3blobs>\nbucket file:///mnt/cold/blobs\ncache-dir c\nprefix ";
        assertThat(read(start + "/site/a/\n" + FILE + "</s3blobs>").store())
                .isEqualTo(new ColdStore.Directory(Path.of("/mnt/cold/blobs/site/a")));
        assertThatThrownBy(() -> read(start + "a/../../x\n" + FILE + "</s3blobs>"))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("prefix: \"a/../../x\" (expected a path without . and ..)");
    }

    @ParameterizedTest
    @ValueSource(strings = {".", "..", "./a", "a/./b", "a/../b", "a/.."})
    void prefix_withPartsThatPathsResolve_isRefused(String prefix) {
        String expected = "prefix: \"" + prefix + "\" (expected a path without . and ..)";
        assertThatThrownBy(
                        () -> read("<s3blobs>\nbucket b\ncache-dir c\nprefix " + prefix + "\n" + FILE + "</s3blobs>"))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining(expected);
        assertThatThrownBy(() -> read("<s3blobstorage>\nbucket-name b\ncache-dir c\ns3-prefix " + prefix + "\n" + FILE
                        + "</s3blobstorage>"))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("s3-" + expected);
    }

    @Test
    void prefix_withDotsInNames_isTaken() throws Exception {
        ColdStorage storage = read("<s3blobs>\nbucket b\ncache-dir c\nprefix a.b//..c/.d\n" + FILE + "</s3blobs>");
        assertThat(settings(storage).prefix()).isEqualTo("a.b//..c/.d/");
    }

    @Test
    void s3blobs_directory_playsTheBucket() throws Exception {
        ColdStorage storage = read("<s3blobs>\nbucket file:///mnt/cold/blobs\ncache-dir c\n" + FILE + "</s3blobs>");
        assertThat(storage.store()).isEqualTo(new ColdStore.Directory(Path.of("/mnt/cold/blobs")));
    }

    /** As collective.s3blobs documents it, and the talk about it. */
    @Test
    void s3blobcache_asDocumented_isTaken() throws Exception {
        text.variables.put("aws_access_key_id", "an-id");
        text.variables.put("aws_secret_access_key", "very-secret-text");
        ColdStorage storage = read("""
                %import collective.s3blobs
                <s3blobcache>
                  cache-dir var/blobcache
                  cache-size 10000000000
                  bucket-name your-s3-bucket
                  <filestorage>
                    path Data.fs
                    blob-dir blobs
                  </filestorage>
                </s3blobcache>
                """);
        S3Settings settings = settings(storage);
        assertThat(settings.bucket()).isEqualTo("your-s3-bucket");
        assertThat(settings.credentials()).isEqualTo(new Credentials.Keys("an-id", "very-secret-text", null));
        assertThat(storage.cache().limit()).isEqualTo(new CacheLimit.Bytes(10_000_000_000L));
        assertThat(storage.cache().directory()).isEqualTo(directory.resolve("var/blobcache"));
        assertThat(storage.layout()).isEqualTo(KeyLayout.FLAT);
    }

    @Test
    void s3blobs_aroundServerzlibstorage_haveTheStorageWithin() throws Exception {
        ColdStorage storage = read("%import zc.zlibstorage\n<s3blobs>\nbucket b\ncache-dir c\n<serverzlibstorage>\n"
                + FILE + "</serverzlibstorage>\n</s3blobs>");
        assertThat(storage.base()).isInstanceOf(StorageConfig.FileStorage.class);
        assertThat(storage.blobDirectory()).isEqualTo(directory.resolve("blobs"));
    }

    @Test
    void s3blobcache_variablesInUpperCase_areLeftToTheDefaultChain() throws Exception {
        text.variables.put("AWS_ACCESS_KEY_ID", "an-id");
        ColdStorage storage = read("<s3blobcache>\ncache-dir c\nbucket-name b\n" + FILE + "</s3blobcache>");
        assertThat(settings(storage).credentials()).isEqualTo(new Credentials.DefaultChain());
        assertThat(storage.cache().limit()).isEqualTo(new CacheLimit.None());
    }

    /** As zodb-s3blobs documents it. */
    @Test
    void s3blobstorage_asDocumented_isTaken() throws Exception {
        text.variables.put("S3_ACCESS_KEY", "an-id");
        text.variables.put("S3_SECRET_KEY", "very-secret-text");
        ColdStorage storage = read("""
                %import zodb_s3blobs
                <s3blobstorage>
                    bucket-name my-zodb-blobs
                    s3-endpoint-url http://minio:9000
                    s3-access-key $(S3_ACCESS_KEY)
                    s3-secret-key $(S3_SECRET_KEY)
                    cache-dir /var/cache/zodb-s3-blobs
                    cache-size 2GB
                    <filestorage>
                        path Data.fs
                    </filestorage>
                </s3blobstorage>
                """);
        S3Settings settings = settings(storage);
        assertThat(settings.bucket()).isEqualTo("my-zodb-blobs");
        assertThat(settings.endpoint()).isEqualTo(URI.create("http://minio:9000"));
        assertThat(settings.credentials()).isEqualTo(new Credentials.Keys("an-id", "very-secret-text", null));
        assertThat(storage.layout()).isEqualTo(KeyLayout.NESTED);
        assertThat(storage.cache().limit()).isEqualTo(new CacheLimit.Bytes(2L << 30));
        // The package keeps no blobs beside the data; here they are committed there first.
        assertThat(storage.base())
                .isEqualTo(new BlobStorage(directory.resolve("blobs"), ((BlobStorage) storage.base()).base(), true));
    }

    @Test
    void s3blobstorage_everything_isTaken() throws Exception {
        String key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
        ColdStorage storage = read("<s3blobstorage>\nbucket-name b\ns3-prefix site\ns3-region eu-west-1\n"
                + "s3-use-ssl true\ns3-addressing-style path\ns3-sse-customer-key " + key
                + "\ns3-connect-timeout 60\ns3-read-timeout 300\ns3-download-connect-timeout 1.5\n"
                + "s3-download-read-timeout 2\ns3-download-max-attempts 3\ncache-dir c\n" + FILE + "</s3blobstorage>");
        S3Settings settings = settings(storage);
        assertThat(settings.prefix()).isEqualTo("site/");
        assertThat(settings.pathStyle()).isTrue();
        assertThat(settings.encryption()).isEqualTo(new Encryption.CustomerKey(key));
        assertThat(settings.connectTimeout()).isEqualTo(Duration.ofMillis(1500));
        assertThat(settings.readTimeout()).isEqualTo(Duration.ofSeconds(2));
        assertThat(storage.tier().attempts()).isEqualTo(3);
        assertThat(storage.cache().limit()).isEqualTo(new CacheLimit.Bytes(1L << 30));
        assertThat(storage.toString()).doesNotContain(key);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "<s3blobs>;bucket b;FILE</s3blobs> | zeo.conf:4: no key \"cache-dir\" in <s3blobs> (expected cache-dir",
                "<s3blobs>;bucket a/b;cache-dir c;FILE</s3blobs> | zeo.conf:5: bucket: \"a/b\" (expected the name of a",
                "<s3blobs>;bucket file:x;cache-dir c;FILE</s3blobs> | zeo.conf:5: bucket: \"file:x\" (expected file:///",
                "<s3blobs>;bucket b;cache-dir c;endpoint s3;FILE</s3blobs> | zeo.conf:7: endpoint: \"s3\" (expected a URL",
                "<s3blobs>;bucket b;cache-dir c;sse x;FILE</s3blobs> | zeo.conf:7: sse: \"x\" (expected one of aes256, aws",
                "<s3blobs>;bucket b;cache-dir c;sse-kms-key x;FILE</s3blobs> | zeo.conf:7: sse-kms-key without sse aws:kms",
                "<s3blobs>;bucket b;cache-dir c;access-key-variable A;FILE</s3blobs> | zeo.conf:7: access-key-variable: the"
                        + " environment variable A is not set",
                "<s3blobs>;bucket b;cache-dir c;cache-size 0%;FILE</s3blobs> | zeo.conf:7: cache-size: \"0%\" (expected",
                "<s3blobs>;bucket b;cache-dir c;archive-interval 0;FILE</s3blobs> | zeo.conf:7: archive-interval: \"0\""
                        + " (expected a time, like 30s, 5m, 2h or 1d, at least 1s)",
                "<s3blobs>;bucket b;cache-dir c;connect-timeout 0s;FILE</s3blobs> | zeo.conf:7: connect-timeout: \"0s\"",
                "<s3blobs>;bucket b;cache-dir c;read-timeout 0m;FILE</s3blobs> | zeo.conf:7: read-timeout: \"0m\"",
                "<s3blobstorage>;bucket-name b;cache-dir c;s3-download-read-timeout 0.0001;FILE</s3blobstorage> |"
                        + " zeo.conf:7: s3-download-read-timeout: \"0.0001\" (expected seconds, like 30 or 0.5, at least"
                        + " 0.001)",
                "<s3blobstorage>;bucket-name b;cache-dir c;s3-download-connect-timeout 0;FILE</s3blobstorage> |"
                        + " zeo.conf:7: s3-download-connect-timeout: \"0\"",
                "<s3blobs>;bucket b;cache-dir c;</s3blobs> | zeo.conf:4: <s3blobs> holds 0 storages (expected exactly one)",
                "<s3blobs>;bucket b;cache-dir c;<serverzlibstorage>;<demostorage/>;</serverzlibstorage>;</s3blobs> |"
                        + " zeo.conf:4: a storage without blobs of its own in <s3blobs>",
                "<s3blobs>;bucket b;cache-dir c;<mappingstorage/>;</s3blobs> | zeo.conf:4: a storage without blobs of its"
                        + " own in <s3blobs> (expected one with a blob-dir)",
                "<s3blobs>;bucket-name b;cache-dir c;FILE</s3blobs> | zeo.conf:5: unknown key \"bucket-name\" in <s3blobs>",
                "<s3blobstorage>;bucket-name b;cache-dir c;s3-access-key a;FILE</s3blobstorage> | zeo.conf:4: one of",
                "<s3blobstorage>;bucket-name b;cache-dir c;s3-sse-customer-key a;FILE</s3blobstorage> | zeo.conf:7:"
                        + " s3-sse-customer-key is no key (expected 32 bytes in base64)",
                "<s3blobstorage>;bucket-name b;cache-dir c;s3-endpoint-url http://x;s3-sse-customer-key a;FILE"
                        + "</s3blobstorage> | zeo.conf:8: s3-sse-customer-key would be sent unencrypted to http://x",
            })
    void read_mistake_namesFileLineAndWhatWasExpected(String sections, String message) throws Exception {
        assertThat(text.error(ZEO + sections.replace(";", "\n").replace("FILE", FILE)))
                .startsWith(message);
    }
}
