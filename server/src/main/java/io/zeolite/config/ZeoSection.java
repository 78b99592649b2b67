package io.zeolite.config;

import io.zeolite.config.zconfig.ConfigException;
import io.zeolite.config.zconfig.Section;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The keys of {@code <zeo>}: first those of Python's server, then our own. */
final class ZeoSection {
    private static final long KB = 1024;
    private static final long MB = 1024 * KB;
    private static final long GB = 1024 * MB;

    static final Key<ServerAddress> ADDRESS = Key.required(
            "address", Datatypes.ADDRESS, "where the server listens; a path is a Unix socket, port 0 any free port");

    static final Key<Boolean> READ_ONLY =
            Key.withDefault("read-only", Datatypes.BOOLEAN, false, "whether all clients are refused to write");

    static final Key<Boolean> MSGPACK = Key.optional(
            "msgpack",
            Datatypes.BOOLEAN,
            "whether messages are encoded with msgpack instead of pickle; if absent, whether ZEO_MSGPACK is set");

    static final Key<Integer> INVALIDATION_QUEUE_SIZE = Key.withDefault(
            "invalidation-queue-size",
            Datatypes.integer(0, Integer.MAX_VALUE),
            100,
            "how many of the last transactions a client that comes back can catch up with");

    static final Key<Duration> INVALIDATION_AGE = Key.optional(
            "invalidation-age",
            Datatypes.SECONDS,
            "how long a client may have been away and still catch up by what is read from the storage");

    static final Key<Duration> TRANSACTION_TIMEOUT = Key.withDefault(
            "transaction-timeout",
            Datatypes.SECONDS,
            Duration.ofSeconds(30),
            "how long a client may take between vote and finish before it is dropped; 0 for no limit");

    static final Key<Boolean> CLIENT_CONFLICT_RESOLUTION = Key.withDefault(
            "client-conflict-resolution",
            Datatypes.BOOLEAN,
            true,
            "whether conflicts are resolved by the client; always so, since that runs classes of the application");

    static final Key<Path> PID_FILENAME = Key.optional(
            "pid-filename",
            Datatypes.PATH_IN_DIRECTORY,
            "where the process id is written; if absent, $INSTANCE_HOME/var/ZEO.pid if INSTANCE_HOME is set");

    static final Key<Long> MAX_MESSAGE_SIZE = Key.withDefault(
            "max-message-size",
            Datatypes.byteSize(64 * KB, Integer.MAX_VALUE),
            100 * MB,
            "the longest message, and so the longest record, that a client may send");

    static final Key<Long> MAX_STAGED_SIZE = Key.withDefault(
            "max-staged-size",
            Datatypes.byteSize(64 * KB, Long.MAX_VALUE),
            100 * GB,
            "the most that one transaction may bring, records and blobs together");

    static final Key<Long> CLIENT_BUFFER_LIMIT = Key.withDefault(
            "client-buffer-limit",
            Datatypes.byteSize(64 * KB, Long.MAX_VALUE),
            16 * MB,
            "the most outgoing bytes kept for a client that does not read");

    static final Key<Duration> CLIENT_STALL_TIMEOUT = Key.withDefault(
            "client-stall-timeout",
            Datatypes.POSITIVE_INTERVAL,
            Duration.ofSeconds(30),
            "how long a client may leave unread what is there for it before it is dropped");

    static final Key<Duration> HANDSHAKE_TIMEOUT = Key.withDefault(
            "handshake-timeout",
            Datatypes.POSITIVE_INTERVAL,
            Duration.ofSeconds(30),
            "how long a new client may take to register before it is dropped");

    static final Key<Long> STAGING_MEMORY = Key.withDefault(
            "staging-memory",
            Datatypes.byteSize(0, Long.MAX_VALUE),
            4 * MB,
            "how much of a transaction is kept in memory before the rest goes to a file");

    static final Key<Integer> IO_THREADS = Key.withDefault(
            "io-threads",
            Datatypes.integer(0, 1024),
            0,
            "how many threads serve the connections; 0 for two for each processor");

    static final Key<Duration> DRAIN_TIMEOUT = Key.withDefault(
            "drain-timeout",
            Datatypes.TIME_INTERVAL,
            Duration.ofSeconds(5),
            "how long voted transactions may take to finish once the server is told to stop");

    static final Key<Integer> INDEX_SAVE_INTERVAL = Key.withDefault(
            "index-save-interval",
            Datatypes.integer(0, Integer.MAX_VALUE),
            1_000_000,
            "after how many object records the index of a file storage is saved; 0 for at close and pack only");

    private static final List<Key<?>> KEYS = List.of(
            ADDRESS,
            READ_ONLY,
            MSGPACK,
            INVALIDATION_QUEUE_SIZE,
            INVALIDATION_AGE,
            TRANSACTION_TIMEOUT,
            CLIENT_CONFLICT_RESOLUTION,
            PID_FILENAME,
            MAX_MESSAGE_SIZE,
            MAX_STAGED_SIZE,
            CLIENT_BUFFER_LIMIT,
            CLIENT_STALL_TIMEOUT,
            HANDSHAKE_TIMEOUT,
            STAGING_MEMORY,
            IO_THREADS,
            DRAIN_TIMEOUT,
            INDEX_SAVE_INTERVAL);

    static final SectionType TYPE = new SectionType("zeo", KEYS, List.of("ssl"), Map.of());

    private ZeoSection() {}

    static ZeoConfig read(Section section, ConfigEnvironment environment, List<String> notices) throws ConfigException {
        Values values = TYPE.read(section, environment);
        if (!values.get(CLIENT_CONFLICT_RESOLUTION)) {
            notices.add(values.position(CLIENT_CONFLICT_RESOLUTION)
                    + ": client-conflict-resolution is always on: resolving a conflict runs Python code, which clients"
                    + " have and this server has not");
        }
        return new ZeoConfig(
                values.get(ADDRESS),
                values.get(READ_ONLY),
                msgpack(values.find(MSGPACK), environment),
                values.get(INVALIDATION_QUEUE_SIZE),
                values.find(INVALIDATION_AGE),
                values.get(TRANSACTION_TIMEOUT),
                pidFile(values.find(PID_FILENAME), environment),
                Math.toIntExact(values.get(MAX_MESSAGE_SIZE)),
                values.get(MAX_STAGED_SIZE),
                values.get(CLIENT_BUFFER_LIMIT),
                values.get(CLIENT_STALL_TIMEOUT),
                values.get(HANDSHAKE_TIMEOUT),
                values.get(STAGING_MEMORY),
                values.get(IO_THREADS),
                values.get(DRAIN_TIMEOUT),
                values.get(INDEX_SAVE_INTERVAL),
                SslSection.read(section, environment, notices));
    }

    private static boolean msgpack(@Nullable Boolean given, ConfigEnvironment environment) {
        return given != null
                ? given
                : !environment.variables().getOrDefault("ZEO_MSGPACK", "").isEmpty();
    }

    private static @Nullable Path pidFile(@Nullable Path given, ConfigEnvironment environment) {
        String instance = environment.variables().getOrDefault("INSTANCE_HOME", "");
        return given != null || instance.isEmpty()
                ? given
                : environment.path(instance).resolve("var/ZEO.pid");
    }
}
