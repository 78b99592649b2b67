package io.zeolite.config;

import io.zeolite.blob.KeyLayout;
import io.zeolite.blob.s3.S3Settings;
import io.zeolite.blob.s3.S3Settings.Credentials;
import io.zeolite.blob.s3.S3Settings.Encryption;
import io.zeolite.blob.s3.StorageClasses;
import io.zeolite.blob.tier.TierSettings;
import io.zeolite.client.blob.CacheLimit;
import io.zeolite.config.StorageConfig.BlobStorage;
import io.zeolite.config.StorageConfig.Cache;
import io.zeolite.config.StorageConfig.ColdStorage;
import io.zeolite.config.StorageConfig.ColdStore;
import io.zeolite.config.StorageConfig.FileStorage;
import io.zeolite.config.StorageConfig.Upkeep;
import io.zeolite.config.zconfig.ConfigException;
import io.zeolite.config.zconfig.Section;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The sections that put a bucket behind a storage, and their keys. */
final class S3Sections {
    private static final List<String> BASES =
            List.of("filestorage", "blobstorage", "mappingstorage", "serverzlibstorage");

    /** Not a size at which anything breaks, but one at which it stops paying. */
    private static final int MOST_DOWNLOADS = 256;

    /** No fewer than archiving takes at its most parallel, parts of large blobs included. They are made when they are needed. */
    private static final int OTHER_CONNECTIONS = 300;

    static final Key<String> BUCKET =
            Key.required("bucket", Datatypes.STRING, "the bucket, or file:///directory for a directory in its place");

    static final Key<String> PREFIX =
            Key.withDefault("prefix", Datatypes.STRING, "", "what all keys in the bucket start with");

    static final Key<String> REGION = Key.optional("region", Datatypes.STRING, "the region of the bucket");

    static final Key<String> ENDPOINT =
            Key.optional("endpoint", Datatypes.STRING, "the URL of a store that is not AWS's");

    static final Key<Boolean> PATH_STYLE = Key.optional(
            "path-style", Datatypes.BOOLEAN, "whether the bucket stands in the path of URLs and not in the host name");

    static final Key<String> STORAGE_CLASS =
            Key.optional("storage-class", Datatypes.STRING, "the class of new objects, in the store's words");

    static final Key<String> SSE = Key.optional(
            "sse",
            Datatypes.oneOf(Map.of("aes256", "AES256", "aws:kms", "aws:kms")),
            "how new objects are encrypted by the store");

    static final Key<String> SSE_KMS_KEY =
            Key.optional("sse-kms-key", Datatypes.STRING, "the key for sse aws:kms, if not the account's own");

    static final Key<Boolean> SSE_BUCKET_KEY = Key.withDefault(
            "sse-bucket-key", Datatypes.BOOLEAN, true, "whether sse aws:kms saves requests by a key of the bucket");

    static final Key<Boolean> REQUESTER_PAYS =
            Key.withDefault("requester-pays", Datatypes.BOOLEAN, false, "whether you pay for requests to the bucket");

    static final Key<Boolean> ANONYMOUS =
            Key.withDefault("anonymous", Datatypes.BOOLEAN, false, "whether requests are not signed");

    static final Key<String> ACCESS_KEY_VARIABLE =
            Key.optional("access-key-variable", Datatypes.STRING, "the environment variable that holds the access key");

    static final Key<String> SECRET_KEY_VARIABLE =
            Key.optional("secret-key-variable", Datatypes.STRING, "the environment variable that holds the secret key");

    static final Key<String> SESSION_TOKEN_VARIABLE = Key.optional(
            "session-token-variable", Datatypes.STRING, "the environment variable that holds the session token");

    static final Key<Checksums> CHECKSUMS = Key.withDefault(
            "checksums",
            Datatypes.oneOf(Map.of("auto", Checksums.AUTO, "on", Checksums.ON, "off", Checksums.OFF)),
            Checksums.AUTO,
            "whether checksums travel in headers: auto, with AWS only");

    static final Key<KeyLayout> KEY_LAYOUT = Key.withDefault(
            "key-layout",
            Datatypes.oneOf(Map.of("flat", KeyLayout.FLAT, "zodb-s3blobs", KeyLayout.NESTED)),
            KeyLayout.FLAT,
            "how objects are named: flat, as collective.s3blobs does, or as zodb-s3blobs does");

    static final Key<Path> CACHE_DIR =
            Key.required("cache-dir", Datatypes.PATH, "the directory for blobs that came from the bucket");

    static final Key<CacheLimit> CACHE_SIZE = Key.withDefault(
            "cache-size", Datatypes.CACHE_SIZE, new CacheLimit.Bytes(1L << 30), "how large that directory may become");

    static final Key<Boolean> CACHE_VERIFY = Key.withDefault(
            "cache-verify", Datatypes.BOOLEAN, false, "whether cached blobs are compared with their checksums");

    static final Key<Boolean> READ_ONLY_BUCKET =
            Key.withDefault("read-only-bucket", Datatypes.BOOLEAN, false, "whether the bucket is never written to");

    static final Key<Duration> CONNECT_TIMEOUT = Key.withDefault(
            "connect-timeout", Datatypes.POSITIVE_INTERVAL, Duration.ofSeconds(5), "how long a connection may take");

    static final Key<Duration> READ_TIMEOUT = Key.withDefault(
            "read-timeout", Datatypes.POSITIVE_INTERVAL, Duration.ofSeconds(10), "how long the store may be silent");

    static final Key<Integer> ATTEMPTS = Key.withDefault(
            "attempts",
            Datatypes.integer(1, 20),
            TierSettings.DEFAULT.attempts(),
            "how often a request is tried, and how often a download that breaks goes on");

    static final Key<Integer> DOWNLOADS = Key.withDefault(
            "downloads",
            Datatypes.integer(1, MOST_DOWNLOADS),
            TierSettings.DEFAULT.downloads(),
            "how many blobs are fetched at a time");

    // Those of collective.s3blobs and zodb-s3blobs

    static final Key<String> BUCKET_NAME = Key.required("bucket-name", Datatypes.STRING, "the bucket");

    static final Key<CacheLimit> UNLIMITED_CACHE_SIZE = Key.withDefault(
            "cache-size", Datatypes.CACHE_SIZE, new CacheLimit.None(), "how large the cache may become");

    static final Key<String> S3_PREFIX =
            Key.withDefault("s3-prefix", Datatypes.STRING, "", "what all keys in the bucket start with");

    static final Key<String> S3_ENDPOINT_URL =
            Key.optional("s3-endpoint-url", Datatypes.STRING, "the URL of a store that is not AWS's");

    static final Key<String> S3_REGION = Key.optional("s3-region", Datatypes.STRING, "the region of the bucket");

    static final Key<String> S3_ACCESS_KEY = Key.optional("s3-access-key", Datatypes.STRING, "the access key");

    static final Key<String> S3_SECRET_KEY = Key.optional("s3-secret-key", Datatypes.STRING, "the secret key");

    static final Key<Boolean> S3_USE_SSL = Key.withDefault(
            "s3-use-ssl",
            Datatypes.BOOLEAN,
            true,
            "whether requests to AWS are encrypted; with s3-endpoint-url its scheme decides");

    static final Key<Addressing> S3_ADDRESSING_STYLE = Key.withDefault(
            "s3-addressing-style",
            Datatypes.oneOf(Map.of("auto", Addressing.AUTO, "path", Addressing.PATH, "virtual", Addressing.VIRTUAL)),
            Addressing.AUTO,
            "where the bucket stands in URLs");

    static final Key<String> S3_SSE_CUSTOMER_KEY =
            Key.optional("s3-sse-customer-key", Datatypes.STRING, "a key of 32 bytes in base64, sent with requests");

    static final Key<Duration> S3_CONNECT_TIMEOUT =
            Key.optional("s3-connect-timeout", Datatypes.SECONDS, "without effect: that for downloads is for both");

    static final Key<Duration> S3_READ_TIMEOUT =
            Key.optional("s3-read-timeout", Datatypes.SECONDS, "without effect: that for downloads is for both");

    static final Key<Duration> S3_DOWNLOAD_CONNECT_TIMEOUT = Key.withDefault(
            "s3-download-connect-timeout",
            Datatypes.POSITIVE_SECONDS,
            Duration.ofSeconds(5),
            "how long a connection may take");

    static final Key<Duration> S3_DOWNLOAD_READ_TIMEOUT = Key.withDefault(
            "s3-download-read-timeout",
            Datatypes.POSITIVE_SECONDS,
            Duration.ofSeconds(10),
            "how long the store may be silent");

    static final Key<Integer> S3_DOWNLOAD_MAX_ATTEMPTS = Key.withDefault(
            "s3-download-max-attempts",
            Datatypes.integer(1, 20),
            2,
            "how often a request is tried, and how often a download that breaks goes on");

    static final SectionType S3_BLOBS = new SectionType(
            "s3blobs",
            withArchiveKeys(
                    BUCKET,
                    PREFIX,
                    REGION,
                    ENDPOINT,
                    PATH_STYLE,
                    STORAGE_CLASS,
                    SSE,
                    SSE_KMS_KEY,
                    SSE_BUCKET_KEY,
                    REQUESTER_PAYS,
                    ANONYMOUS,
                    ACCESS_KEY_VARIABLE,
                    SECRET_KEY_VARIABLE,
                    SESSION_TOKEN_VARIABLE,
                    CHECKSUMS,
                    KEY_LAYOUT,
                    CACHE_DIR,
                    CACHE_SIZE,
                    CACHE_VERIFY,
                    READ_ONLY_BUCKET,
                    CONNECT_TIMEOUT,
                    READ_TIMEOUT,
                    ATTEMPTS,
                    DOWNLOADS),
            BASES,
            StorageSections.UNSUPPORTED);

    static final SectionType S3_BLOB_CACHE = new SectionType(
            "s3blobcache", List.of(BUCKET_NAME, CACHE_DIR, UNLIMITED_CACHE_SIZE), BASES, StorageSections.UNSUPPORTED);

    static final SectionType S3_BLOB_STORAGE = new SectionType(
            "s3blobstorage",
            List.of(
                    BUCKET_NAME,
                    S3_PREFIX,
                    S3_ENDPOINT_URL,
                    S3_REGION,
                    S3_ACCESS_KEY,
                    S3_SECRET_KEY,
                    S3_USE_SSL,
                    S3_ADDRESSING_STYLE,
                    S3_SSE_CUSTOMER_KEY,
                    S3_CONNECT_TIMEOUT,
                    S3_READ_TIMEOUT,
                    S3_DOWNLOAD_CONNECT_TIMEOUT,
                    S3_DOWNLOAD_READ_TIMEOUT,
                    S3_DOWNLOAD_MAX_ATTEMPTS,
                    CACHE_DIR,
                    CACHE_SIZE),
            BASES,
            StorageSections.UNSUPPORTED);

    private static List<Key<?>> withArchiveKeys(Key<?>... keys) {
        return Stream.concat(Stream.of(keys), ArchiveKeys.ALL.stream()).toList();
    }

    enum Checksums {
        AUTO,
        ON,
        OFF
    }

    enum Addressing {
        AUTO,
        PATH,
        VIRTUAL
    }

    private final Section section;
    private final ConfigEnvironment environment;
    private final Values values;

    private S3Sections(Section section, ConfigEnvironment environment, Values values) {
        this.section = section;
        this.environment = environment;
        this.values = values;
    }

    static ColdStorage read(Section section, ConfigEnvironment environment) throws ConfigException {
        return switch (section.type()) {
            case "s3blobs" -> reading(S3_BLOBS, section, environment).s3Blobs();
            case "s3blobcache" -> reading(S3_BLOB_CACHE, section, environment).s3BlobCache();
            case "s3blobstorage" ->
                reading(S3_BLOB_STORAGE, section, environment).s3BlobStorage();
            default -> throw new IllegalArgumentException("no bucket in <" + section.type() + ">");
        };
    }

    private static S3Sections reading(SectionType type, Section section, ConfigEnvironment environment)
            throws ConfigException {
        return new S3Sections(section, environment, type.read(section, environment));
    }

    // <s3blobs>

    private ColdStorage s3Blobs() throws ConfigException {
        return new ColdStorage(
                store(),
                values.get(KEY_LAYOUT),
                new Cache(values.get(CACHE_DIR), values.get(CACHE_SIZE), values.get(CACHE_VERIFY)),
                values.get(READ_ONLY_BUCKET),
                tier(values.get(ATTEMPTS), values.get(DOWNLOADS)),
                ArchiveKeys.read(values, values.get(READ_ONLY_BUCKET)),
                base());
    }

    private ColdStore store() throws ConfigException {
        String bucket = values.get(BUCKET);
        if (bucket.startsWith("file:")) {
            return new ColdStore.Directory(directory(bucket));
        }
        if (bucket.isEmpty() || bucket.contains("/")) {
            throw wrong(BUCKET, "the name of a bucket, or file:///directory");
        }
        Checksums checksums = values.get(CHECKSUMS);
        return new ColdStore.Bucket(new S3Settings(
                bucket,
                prefix(PREFIX),
                values.find(REGION),
                url(ENDPOINT),
                values.find(PATH_STYLE),
                storageClass(),
                encryption(),
                values.get(REQUESTER_PAYS),
                credentials(),
                checksums == Checksums.AUTO ? null : Boolean.valueOf(checksums == Checksums.ON),
                values.get(CONNECT_TIMEOUT),
                values.get(READ_TIMEOUT),
                connections(values.get(DOWNLOADS))));
    }

    private Path directory(String bucket) throws ConfigException {
        String prefix = "file://";
        String path = bucket.startsWith(prefix + "/") ? bucket.substring(prefix.length()) : "";
        if (path.length() < 2) {
            throw wrong(BUCKET, "file:///directory, three slashes and a path from the root");
        }
        return environment.path(path).resolve(prefix(PREFIX));
    }

    private @Nullable String storageClass() throws ConfigException {
        String storageClass = values.find(STORAGE_CLASS);
        if (storageClass != null && S3Settings.isAws(url(ENDPOINT)) && StorageClasses.isArchive(storageClass)) {
            throw wrong(
                    STORAGE_CLASS, "a class whose objects are read at once, without being restored: GLACIER_IR say");
        }
        return storageClass;
    }

    private Encryption encryption() throws ConfigException {
        String sse = values.find(SSE);
        if (values.has(SSE_KMS_KEY) && !"aws:kms".equals(sse)) {
            throw new ConfigException(values.position(SSE_KMS_KEY), "sse-kms-key without sse aws:kms (expected both)");
        }
        if (sse == null) {
            return new Encryption.Default();
        }
        return sse.equals("AES256")
                ? new Encryption.Managed()
                : new Encryption.Kms(values.find(SSE_KMS_KEY), values.get(SSE_BUCKET_KEY));
    }

    private Credentials credentials() throws ConfigException {
        boolean named = values.has(ACCESS_KEY_VARIABLE) || values.has(SECRET_KEY_VARIABLE);
        if (values.get(ANONYMOUS)) {
            if (named) {
                throw new ConfigException(
                        values.position(ANONYMOUS), "anonymous, and variables for keys (expected one of them)");
            }
            return new Credentials.Anonymous();
        }
        if (!named) {
            return new Credentials.DefaultChain();
        }
        return new Credentials.Keys(
                variable(ACCESS_KEY_VARIABLE),
                variable(SECRET_KEY_VARIABLE),
                values.has(SESSION_TOKEN_VARIABLE) ? variable(SESSION_TOKEN_VARIABLE) : null);
    }

    private String variable(Key<String> key) throws ConfigException {
        String name = values.find(key);
        if (name == null) {
            throw new ConfigException(
                    section.position(),
                    "no key \"" + key.name()
                            + "\" in <s3blobs> (expected access-key-variable and secret-key-variable)");
        }
        String value = environment.variables().get(name);
        if (value == null || value.isEmpty()) {
            throw new ConfigException(
                    values.position(key),
                    key.name() + ": the environment variable " + name + " is not set (expected: its value)");
        }
        return value;
    }

    // <s3blobcache>

    private ColdStorage s3BlobCache() throws ConfigException {
        int downloads = TierSettings.DEFAULT.downloads();
        S3Settings settings = new S3Settings(
                values.get(BUCKET_NAME),
                "",
                null,
                null,
                null,
                null,
                new Encryption.Default(),
                false,
                lowerCaseCredentials(),
                null,
                Duration.ofSeconds(5),
                Duration.ofSeconds(10),
                connections(downloads));
        return new ColdStorage(
                new ColdStore.Bucket(settings),
                KeyLayout.FLAT,
                new Cache(values.get(CACHE_DIR), values.get(UNLIMITED_CACHE_SIZE), false),
                false,
                tier(TierSettings.DEFAULT.attempts(), downloads),
                Upkeep.NONE,
                base());
    }

    /** The package takes the variables in lower case; those in upper case are found by the default chain. */
    private Credentials lowerCaseCredentials() {
        String accessKey = environment.variables().get("aws_access_key_id");
        String secretKey = environment.variables().get("aws_secret_access_key");
        return accessKey == null || secretKey == null
                ? new Credentials.DefaultChain()
                : new Credentials.Keys(
                        accessKey, secretKey, environment.variables().get("aws_session_token"));
    }

    // <s3blobstorage>

    private ColdStorage s3BlobStorage() throws ConfigException {
        int downloads = TierSettings.DEFAULT.downloads();
        Addressing addressing = values.get(S3_ADDRESSING_STYLE);
        S3Settings settings = new S3Settings(
                values.get(BUCKET_NAME),
                prefix(S3_PREFIX),
                values.find(S3_REGION),
                endpointOrPlainAws(),
                addressing == Addressing.AUTO ? null : Boolean.valueOf(addressing == Addressing.PATH),
                null,
                customerKey(),
                false,
                keys(),
                // The package sends none, whatever the store.
                false,
                values.get(S3_DOWNLOAD_CONNECT_TIMEOUT),
                values.get(S3_DOWNLOAD_READ_TIMEOUT),
                connections(downloads));
        return new ColdStorage(
                new ColdStore.Bucket(settings),
                KeyLayout.NESTED,
                new Cache(values.get(CACHE_DIR), values.get(CACHE_SIZE), false),
                false,
                tier(values.get(S3_DOWNLOAD_MAX_ATTEMPTS), downloads),
                Upkeep.NONE,
                base());
    }

    /** The scheme of a URL decides; without a URL there is AWS, which can be asked without encryption too. */
    private @Nullable URI endpointOrPlainAws() throws ConfigException {
        URI given = url(S3_ENDPOINT_URL);
        if (given != null || values.get(S3_USE_SSL)) {
            return given;
        }
        String region = values.find(S3_REGION);
        return URI.create("http://s3." + (region == null ? "us-east-1" : region) + ".amazonaws.com");
    }

    private Encryption customerKey() throws ConfigException {
        String key = values.find(S3_SSE_CUSTOMER_KEY);
        if (key == null) {
            return new Encryption.Default();
        }
        URI endpoint = endpointOrPlainAws();
        if (endpoint != null && !"https".equals(endpoint.getScheme())) {
            throw new ConfigException(
                    values.position(S3_SSE_CUSTOMER_KEY),
                    "s3-sse-customer-key would be sent unencrypted to " + endpoint + " (expected: https)");
        }
        if (!Encryption.CustomerKey.isKey(key)) {
            // Not shown: it is a secret, even if it is a wrong one.
            throw new ConfigException(
                    values.position(S3_SSE_CUSTOMER_KEY),
                    "s3-sse-customer-key is no key (expected 32 bytes in base64)");
        }
        return new Encryption.CustomerKey(key);
    }

    private Credentials keys() throws ConfigException {
        String accessKey = values.find(S3_ACCESS_KEY);
        String secretKey = values.find(S3_SECRET_KEY);
        if (accessKey == null && secretKey == null) {
            return new Credentials.DefaultChain();
        }
        if (accessKey == null || secretKey == null) {
            throw new ConfigException(
                    section.position(), "one of s3-access-key and s3-secret-key (expected both, or none of them)");
        }
        return new Credentials.Keys(accessKey, secretKey, null);
    }

    // What they share

    /** The storage within. One without a blob directory gets one beside its data: blobs are committed there first. */
    private StorageConfig base() throws ConfigException {
        StorageConfig base = StorageSections.readBase(section, environment);
        if (base instanceof FileStorage file && file.blobDirectory() == null) {
            return new BlobStorage(file.path().resolveSibling("blobs"), base, file.syncBlobs());
        }
        if (base instanceof FileStorage || base instanceof BlobStorage) {
            return base;
        }
        throw new ConfigException(
                section.position(),
                "a storage without blobs of its own in <" + section.type() + "> (expected one with a blob-dir)");
    }

    private static TierSettings tier(int attempts, int downloads) {
        TierSettings tier = TierSettings.DEFAULT;
        return new TierSettings(downloads, attempts, tier.firstPause(), tier.longestPause(), tier.failuresUntilAway());
    }

    /** Those who write or look share the connections with downloads, which must not wait for them. */
    private static int connections(int downloads) {
        return downloads + OTHER_CONNECTIONS;
    }

    private String prefix(Key<String> key) throws ConfigException {
        String stripped = values.get(key).replaceAll("^/+|/+$", "");
        List<String> parts = List.of(stripped.split("/", -1));
        if (parts.contains(".") || parts.contains("..")) {
            // There are stores that keep objects under such names and list none.
            throw wrong(key, "a path without . and ..");
        }
        return stripped.isEmpty() ? "" : stripped + "/";
    }

    private @Nullable URI url(Key<String> key) throws ConfigException {
        String text = values.find(key);
        if (text == null) {
            return null;
        }
        URI url;
        try {
            url = URI.create(text);
        } catch (IllegalArgumentException e) {
            throw wrong(key, "a URL like https://s3.example.com");
        }
        if (url.getHost() == null || !("http".equals(url.getScheme()) || "https".equals(url.getScheme()))) {
            throw wrong(key, "a URL like https://s3.example.com");
        }
        return url;
    }

    private ConfigException wrong(Key<String> key, String expected) {
        return new ConfigException(
                values.position(key), key.name() + ": \"" + values.find(key) + "\" (expected " + expected + ")");
    }
}
