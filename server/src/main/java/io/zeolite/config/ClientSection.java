package io.zeolite.config;

import io.zeolite.client.TlsOptions;
import io.zeolite.client.ZeoClientOptions;
import io.zeolite.client.blob.CacheLimit;
import io.zeolite.config.StorageConfig.ClientStorage;
import io.zeolite.config.zconfig.ConfigException;
import io.zeolite.config.zconfig.KeyValue;
import io.zeolite.config.zconfig.Section;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The keys of {@code <zeoclient>}, which ZODB has, and {@code <clientstorage>}, which ZEO has: both sections take the keys of
 * both.
 */
final class ClientSection {
    static final Key<ServerAddress> SERVER =
            Key.required("server", Datatypes.ADDRESS, "where the other server is; may be given several times");

    static final Key<String> STORAGE =
            Key.withDefault("storage", Datatypes.STRING, "1", "the name of the storage on the other server");

    static final Key<String> NAME =
            Key.withDefault("name", Datatypes.STRING, "", "what clients are told that the storage is called");

    static final Key<Long> CACHE_SIZE = Key.withDefault(
            "cache-size",
            Datatypes.byteSize(0, Long.MAX_VALUE),
            20L << 20,
            "how much memory the objects take that are kept for all clients");

    static final Key<Path> CACHE_PATH =
            Key.optional("cache-path", Datatypes.PATH_IN_DIRECTORY, "a file that keeps the cache over a restart");

    static final Key<String> CLIENT = Key.optional(
            "client", Datatypes.STRING, "makes a file in var that keeps the cache over a restart, and names it");

    static final Key<Path> VAR = Key.optional("var", Datatypes.PATH, "the directory of that file");

    static final Key<Path> BLOB_DIR = Key.optional(
            "blob-dir", Datatypes.PATH, "the directory of the blob cache, or with shared-blob-dir of the blobs");

    static final Key<Boolean> SHARED_BLOB_DIR = Key.withDefault(
            "shared-blob-dir", Datatypes.BOOLEAN, false, "whether blob-dir is that of the other server itself");

    static final Key<CacheLimit> BLOB_CACHE_SIZE = Key.optional(
            "blob-cache-size", Datatypes.CACHE_SIZE, "how large the blob cache may become; if absent, it only grows");

    static final Key<Integer> BLOB_CACHE_SIZE_CHECK = Key.optional(
            "blob-cache-size-check",
            Datatypes.integer(0, 100),
            "without effect: the cache is never larger than blob-cache-size");

    static final Key<Boolean> WAIT = Key.withDefault(
            "wait", Datatypes.BOOLEAN, true, "whether the server starts only when the other one has been reached");

    static final Key<Integer> WAIT_TIMEOUT = Key.withDefault(
            "wait-timeout",
            Datatypes.integer(0, Integer.MAX_VALUE),
            30,
            "for how many seconds calls wait for a connection");

    static final Key<Integer> SERVER_TIMEOUT = Key.withDefault(
            "server-timeout",
            Datatypes.integer(1, Integer.MAX_VALUE),
            30,
            "after how many seconds a server that was asked and says nothing is given up");

    static final Key<Boolean> READ_ONLY =
            Key.withDefault("read-only", Datatypes.BOOLEAN, false, "whether nobody may write");

    static final Key<Boolean> READ_ONLY_FALLBACK = Key.withDefault(
            "read-only-fallback",
            Datatypes.BOOLEAN,
            false,
            "whether a read-only server is used as long as no other can be reached");

    static final Key<String> CLIENT_LABEL =
            Key.optional("client-label", Datatypes.STRING, "what the log of the other server calls this one");

    static final Key<Boolean> SERVER_SYNC =
            Key.optional("server-sync", Datatypes.BOOLEAN, "without effect: the sync of a client is always passed on");

    static final Key<Boolean> DROP_CACHE = Key.optional(
            "drop-cache-rather-verify", Datatypes.BOOLEAN, "without effect, as in ZEO: the cache is verified");

    static final Key<Integer> MIN_POLL = Key.optional(
            "min-disconnect-poll", Datatypes.integer(0, Integer.MAX_VALUE), "without effect, as in ZEO 5 and later");

    static final Key<Integer> MAX_POLL = Key.optional(
            "max-disconnect-poll", Datatypes.integer(0, Integer.MAX_VALUE), "without effect, as in ZEO 5 and later");

    static final Key<String> USERNAME =
            Key.optional("username", Datatypes.STRING, "without effect, as in ZEO 5 and later; see <ssl>");

    static final Key<String> PASSWORD =
            Key.optional("password", Datatypes.STRING, "without effect, as in ZEO 5 and later; see <ssl>");

    static final Key<String> REALM =
            Key.optional("realm", Datatypes.STRING, "without effect, as in ZEO 5 and later; see <ssl>");

    static final List<Key<?>> KEYS = List.of(
            SERVER,
            STORAGE,
            NAME,
            CACHE_SIZE,
            CACHE_PATH,
            CLIENT,
            VAR,
            BLOB_DIR,
            SHARED_BLOB_DIR,
            BLOB_CACHE_SIZE,
            BLOB_CACHE_SIZE_CHECK,
            WAIT,
            WAIT_TIMEOUT,
            SERVER_TIMEOUT,
            READ_ONLY,
            READ_ONLY_FALLBACK,
            CLIENT_LABEL,
            SERVER_SYNC,
            DROP_CACHE,
            MIN_POLL,
            MAX_POLL,
            USERNAME,
            PASSWORD,
            REALM);

    static final Key<Path> CERTIFICATE = Key.required(
            "certificate", Datatypes.PATH_IN_DIRECTORY, "a PEM file with the certificate of this client and its chain");

    static final Key<Path> KEY = Key.optional(
            "key", Datatypes.PATH_IN_DIRECTORY, "a PEM file with the private key; if absent, that of certificate");

    static final Key<String> PASSWORD_FUNCTION =
            Key.optional("password-function", Datatypes.STRING, "refused: it names Python code; see password-file");

    static final Key<Path> PASSWORD_FILE = Key.optional(
            "password-file", Datatypes.PATH_IN_DIRECTORY, "a file whose first line is the password of the private key");

    static final Key<Path> AUTHENTICATE = Key.optional(
            "authenticate",
            Datatypes.PATH_IN_DIRECTORY,
            "a PEM file of the server certificates that are trusted; if absent, those that the JVM trusts");

    static final Key<Boolean> CHECK_HOSTNAME = Key.withDefault(
            "check-hostname", Datatypes.BOOLEAN, true, "whether the name in the server's certificate is looked at");

    static final Key<String> SERVER_HOSTNAME = Key.optional(
            "server-hostname", Datatypes.STRING, "the name that it must have; if absent, the host of the address");

    static final SectionType SSL = SectionType.of(
            "ssl", CERTIFICATE, KEY, PASSWORD_FUNCTION, PASSWORD_FILE, AUTHENTICATE, CHECK_HOSTNAME, SERVER_HOSTNAME);

    private final Section section;
    private final ConfigEnvironment environment;
    private final Values values;
    private final List<ServerAddress> servers;

    private ClientSection(Section section, ConfigEnvironment environment) throws ConfigException {
        this.section = section;
        this.environment = environment;
        SectionType type = new SectionType(section.type(), KEYS, List.of("ssl"), Map.of());
        List<KeyValue> others = section.keys().stream()
                .filter(line -> !line.key().equals(SERVER.name()))
                .toList();
        List<ServerAddress> found = new ArrayList<>();
        Values last = type.read(section.keys().size() == others.size() ? section : withServer(0, others), environment);
        for (int i = 0; i < section.keys().size() - others.size(); i++) {
            last = type.read(withServer(i, others), environment);
            found.add(checked(last));
        }
        this.values = last;
        this.servers = List.copyOf(found);
    }

    static ClientStorage read(Section section, ConfigEnvironment environment) throws ConfigException {
        return new ClientSection(section, environment).storage();
    }

    /** The section as if this were its only server: all other keys stand once. */
    private Section withServer(int number, List<KeyValue> others) {
        List<KeyValue> keys = new ArrayList<>(others);
        keys.add(section.keys().stream()
                .filter(line -> line.key().equals(SERVER.name()))
                .toList()
                .get(number));
        return new Section(section.type(), section.name(), section.position(), keys, section.sections());
    }

    private static ServerAddress checked(Values values) throws ConfigException {
        ServerAddress address = values.get(SERVER);
        if (address instanceof ServerAddress.Tcp tcp && tcp.port() == 0) {
            throw new ConfigException(
                    values.position(SERVER), "server: \"" + tcp + "\" has no port (expected HOST:PORT)");
        }
        return address;
    }

    private ClientStorage storage() throws ConfigException {
        ZeoClientOptions.Builder options = ZeoClientOptions.builder()
                .storage(values.get(STORAGE))
                .cacheBytes(values.get(CACHE_SIZE))
                // There is nobody to be spared but one server: clients are waiting.
                .lastRetry(Duration.ofSeconds(2))
                .waitTimeout(Duration.ofSeconds(values.get(WAIT_TIMEOUT)))
                .serverTimeout(Duration.ofSeconds(values.get(SERVER_TIMEOUT)));
        for (ServerAddress server : servers) {
            if (server instanceof ServerAddress.Tcp tcp) {
                options.address(tcp.host().isEmpty() ? "127.0.0.1" : tcp.host(), tcp.port());
            } else {
                options.address(environment.path(server.toString()));
            }
        }
        access(options);
        caches(options);
        TlsOptions tls = tls();
        if (tls != null) {
            options.tls(tls);
        }
        String label = values.find(CLIENT_LABEL);
        if (label != null) {
            options.label(label);
        }
        return new ClientStorage(shownName(), options.build(), values.get(READ_ONLY), values.get(WAIT));
    }

    /** As in Python, the addresses if nothing else is given. */
    private String shownName() {
        String given = values.get(NAME);
        return given.isEmpty()
                ? servers.stream().map(ServerAddress::toString).collect(Collectors.joining(", ", "[", "]"))
                : given;
    }

    private void access(ZeoClientOptions.Builder options) throws ConfigException {
        if (values.get(READ_ONLY) && values.get(READ_ONLY_FALLBACK)) {
            throw new ConfigException(
                    values.position(READ_ONLY_FALLBACK), "read-only-fallback beside read-only (expected one of them)");
        } else if (values.get(READ_ONLY)) {
            options.readOnly();
        } else if (values.get(READ_ONLY_FALLBACK)) {
            options.readOnlyFallback();
        }
    }

    private void caches(ZeoClientOptions.Builder options) throws ConfigException {
        Path file = values.find(CACHE_PATH);
        String client = values.find(CLIENT);
        if (file != null && client != null) {
            throw new ConfigException(values.position(CACHE_PATH), "cache-path beside client (expected one of them)");
        } else if (client != null) {
            Path directory = values.find(VAR);
            String name = client + "-" + values.get(STORAGE) + ".cache";
            file = directory == null ? environment.path(name) : directory.resolve(name);
        }
        if (file != null) {
            options.cacheFile(file);
        }
        Path blobs = values.find(BLOB_DIR);
        CacheLimit limit = values.find(BLOB_CACHE_SIZE);
        if (blobs == null && (limit != null || values.get(SHARED_BLOB_DIR))) {
            throw new ConfigException(
                    values.position(limit != null ? BLOB_CACHE_SIZE : SHARED_BLOB_DIR),
                    (limit != null ? "blob-cache-size" : "shared-blob-dir") + " without blob-dir (expected both)");
        } else if (blobs != null && values.get(SHARED_BLOB_DIR)) {
            options.sharedBlobDirectory(blobs);
        } else if (blobs != null) {
            options.blobCache(blobs, limit == null ? new CacheLimit.None() : limit);
        }
    }

    private @Nullable TlsOptions tls() throws ConfigException {
        if (section.sections().isEmpty()) {
            return null;
        } else if (section.sections().size() > 1) {
            throw new ConfigException(
                    section.sections().get(1).position(), "a second <ssl> in <" + section.type() + "> (expected one)");
        }
        Values ssl = SSL.read(section.sections().get(0), environment);
        String function = ssl.find(PASSWORD_FUNCTION);
        if (function != null) {
            throw new ConfigException(
                    ssl.position(PASSWORD_FUNCTION),
                    "password-function: \"" + function + "\" names Python code, which this server cannot run (expected"
                            + " password-file with a file)");
        }
        Path trust = ssl.find(AUTHENTICATE);
        if (trust != null && Files.isDirectory(trust)) {
            throw new ConfigException(
                    ssl.position(AUTHENTICATE), "authenticate: " + trust + " is a directory (expected a PEM file)");
        }
        return new TlsOptions(
                trust,
                ssl.get(CERTIFICATE),
                ssl.find(KEY),
                keyPassword(ssl),
                ssl.find(SERVER_HOSTNAME),
                ssl.get(CHECK_HOSTNAME));
    }

    private static @Nullable String keyPassword(Values ssl) throws ConfigException {
        Path file = ssl.find(PASSWORD_FILE);
        if (file == null) {
            return null;
        }
        try {
            return Files.readAllLines(file).stream().findFirst().orElse("");
        } catch (IOException e) {
            throw new ConfigException(
                    ssl.position(PASSWORD_FILE), "password-file: " + file + " cannot be read: " + e.getMessage());
        }
    }
}
