package io.zeolite.client;

import io.zeolite.client.blob.CacheLimit;
import io.zeolite.client.connection.LinkOptions;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which storage a client uses, and how. Immutable; made by a {@link Builder}, or from a URI, see {@link #parse}.
 *
 * <p>A duration of zero is given only where the method says what it means.
 */
public final class ZeoClientOptions {
    private final Builder values;

    private ZeoClientOptions(Builder values) {
        this.values = values;
    }

    /** Options with no address yet. */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Reads a URI.
     *
     * <pre>
     * zeo://host:port,host2:port/storage?option=value&amp;...
     * zeo:///path/of/a/socket?storage=name
     * zeos://...                              with TLS
     * </pre>
     *
     * <p>The storage is {@code 1} if it is not named. The options are those of the builder, in words with hyphens:
     * {@code wait}, {@code call-timeout}, {@code server-timeout}, {@code connect-timeout}, {@code first-retry},
     * {@code last-retry} (durations: {@code 500ms}, {@code 30s}, {@code 5m}, {@code 2h}, or seconds); {@code cache-size}
     * (bytes, or {@code 64MB}, with KB, MB, GB and TB for 2^10, 2^20, 2^30 and 2^40 bytes), {@code cache-file}; {@code blob-dir}, {@code blob-cache-size}, {@code shared-blob-dir} (a path);
     * {@code read-only}, {@code read-only-fallback} ({@code true}); {@code label}; with {@code zeos},
     * {@code tls-trust}, {@code tls-certificate}, {@code tls-key}, {@code tls-server-name}.
     *
     * @throws IllegalArgumentException if it is no such URI; the message says which part
     */
    public static ZeoClientOptions parse(String uri) {
        return ZeoUri.parse(uri).build();
    }

    /** A builder that begins with these options. */
    public Builder toBuilder() {
        return values.copy();
    }

    /** Where the storage is served. */
    public List<SocketAddress> addresses() {
        return values.addresses;
    }

    /** The name of the storage. */
    public String storage() {
        return values.storage;
    }

    LinkOptions.Access access() {
        return values.access;
    }

    @Nullable
    TlsOptions tls() {
        return values.tls;
    }

    @Nullable
    String label() {
        return values.label;
    }

    Duration connectTimeout() {
        return values.connectTimeout;
    }

    Duration waitTimeout() {
        return values.waitTimeout;
    }

    Duration callTimeout() {
        return values.callTimeout;
    }

    Duration serverTimeout() {
        return values.serverTimeout;
    }

    Duration firstRetry() {
        return values.firstRetry;
    }

    Duration lastRetry() {
        return values.lastRetry;
    }

    long cacheBytes() {
        return values.cacheBytes;
    }

    @Nullable
    Path cacheFile() {
        return values.cacheFile;
    }

    @Nullable
    Path blobDirectory() {
        return values.blobDirectory;
    }

    CacheLimit blobCacheLimit() {
        return values.blobCacheLimit;
    }

    boolean sharesBlobDirectory() {
        return values.sharesBlobDirectory;
    }

    @Nullable
    ConflictResolver conflictResolver() {
        return values.conflictResolver;
    }

    /** Collects options. For one thread. */
    public static final class Builder {
        private static final Duration LEAST = Duration.ofNanos(1);
        /** Less than the longest time that is a number of nanoseconds. */
        private static final Duration MOST = Duration.ofDays(36_500);

        private List<SocketAddress> addresses = List.of();
        private String storage = "1";
        private LinkOptions.Access access = LinkOptions.Access.READ_WRITE;
        private @Nullable TlsOptions tls;
        private @Nullable String label;
        private Duration connectTimeout = Duration.ofSeconds(10);
        private Duration waitTimeout = Duration.ofSeconds(30);
        private Duration callTimeout = Duration.ofSeconds(60);
        private Duration serverTimeout = Duration.ofSeconds(30);
        private Duration firstRetry = Duration.ofMillis(100);
        private Duration lastRetry = Duration.ofSeconds(10);
        private long cacheBytes = 64L << 20;
        private @Nullable Path cacheFile;
        private @Nullable Path blobDirectory;
        private CacheLimit blobCacheLimit = new CacheLimit.None();
        private boolean sharesBlobDirectory;
        private @Nullable ConflictResolver conflictResolver;

        private Builder() {}

        private Builder copy() {
            Builder copy = new Builder();
            copy.addresses = addresses;
            copy.storage = storage;
            copy.access = access;
            copy.tls = tls;
            copy.label = label;
            copy.connectTimeout = connectTimeout;
            copy.waitTimeout = waitTimeout;
            copy.callTimeout = callTimeout;
            copy.serverTimeout = serverTimeout;
            copy.firstRetry = firstRetry;
            copy.lastRetry = lastRetry;
            copy.cacheBytes = cacheBytes;
            copy.cacheFile = cacheFile;
            copy.blobDirectory = blobDirectory;
            copy.blobCacheLimit = blobCacheLimit;
            copy.sharesBlobDirectory = sharesBlobDirectory;
            copy.conflictResolver = conflictResolver;
            return copy;
        }

        /** One more server of the same storage. Its name is looked up whenever the client connects. */
        public Builder address(String host, int port) {
            return address(InetSocketAddress.createUnresolved(host, port));
        }

        /** One more server of the same storage, behind a Unix socket. */
        public Builder address(Path socket) {
            return address(UnixDomainSocketAddress.of(socket));
        }

        /** One more server of the same storage: an {@link InetSocketAddress} or {@link UnixDomainSocketAddress}. */
        public Builder address(SocketAddress address) {
            List<SocketAddress> all = new ArrayList<>(addresses);
            all.add(address);
            addresses = List.copyOf(all);
            return this;
        }

        /** The name of the storage; {@code 1} if it is not given. */
        public Builder storage(String name) {
            storage = name;
            return this;
        }

        /** Reads only: the server refuses all transactions of this client. A pack is none. */
        public Builder readOnly() {
            access = LinkOptions.Access.READ_ONLY;
            return this;
        }

        /** Is content with a read-only server until there is one that takes writes. */
        public Builder readOnlyFallback() {
            access = LinkOptions.Access.READ_ONLY_FALLBACK;
            return this;
        }

        /** TLS; without, the connection is plain. */
        public Builder tls(TlsOptions options) {
            tls = options;
            return this;
        }

        /** What the server's log calls this client. */
        public Builder label(String text) {
            label = text;
            return this;
        }

        /** How long a server may take until it has accepted the client; 10 s if it is not given. */
        public Builder connectTimeout(Duration time) {
            connectTimeout = limited("connectTimeout", time, LEAST);
            return this;
        }

        /**
         * How long calls wait for a connection while there is none; 30 s if it is not given. Zero: they fail at once.
         */
        public Builder waitTimeout(Duration time) {
            waitTimeout = limited("waitTimeout", time, Duration.ZERO);
            return this;
        }

        /**
         * How long blocking calls wait for an answer; 60 s if it is not given. Not votes, finishes and packs, nor {@link
         * ZeoClient#outcome} and {@link ZeoClient#openBlob}, which last as long as they do. Zero: no limit.
         */
        public Builder callTimeout(Duration time) {
            callTimeout = limited("callTimeout", time, Duration.ZERO);
            return this;
        }

        /** How long a server may say nothing, although it is asked, before it is given up; 30 s if it is not given. */
        public Builder serverTimeout(Duration time) {
            serverTimeout = limited("serverTimeout", time, LEAST);
            return this;
        }

        /** The pause before the second attempt to connect; 100 ms if it is not given. It doubles with each. */
        public Builder firstRetry(Duration time) {
            firstRetry = limited("firstRetry", time, LEAST);
            return this;
        }

        /** The longest pause between attempts to connect; 10 s if it is not given. */
        public Builder lastRetry(Duration time) {
            lastRetry = limited("lastRetry", time, LEAST);
            return this;
        }

        /** How many bytes the object cache may take; 64 MB if it is not given. Zero: there is none. */
        public Builder cacheBytes(long bytes) {
            if (bytes < 0) {
                throw new IllegalArgumentException("cacheBytes: " + bytes + " (expected: zero or more)");
            }
            cacheBytes = bytes;
            return this;
        }

        /** The file in which the object cache is kept until the next start. One process may use it at a time. */
        public Builder cacheFile(Path path) {
            cacheFile = path;
            return this;
        }

        /** The directory of the blob cache, which processes may share, Python's clients too. */
        public Builder blobCache(Path directory, CacheLimit limit) {
            blobDirectory = directory;
            blobCacheLimit = limit;
            sharesBlobDirectory = false;
            return this;
        }

        /** The blob directory of the server itself, which client and server both see; nothing is transferred then. */
        public Builder sharedBlobDirectory(Path directory) {
            blobDirectory = directory;
            sharesBlobDirectory = true;
            return this;
        }

        /** What resolves conflicts of writes; without, they are failures. */
        public Builder conflictResolver(ConflictResolver resolver) {
            conflictResolver = resolver;
            return this;
        }

        private static Duration limited(String name, Duration time, Duration least) {
            if (time.compareTo(least) < 0 || time.compareTo(MOST) > 0) {
                throw new IllegalArgumentException(name + ": " + time + " (expected: "
                        + (least.isZero() ? "zero" : "more than zero") + " up to " + MOST.toDays() + " days)");
            }
            return time;
        }

        /** @throws IllegalArgumentException if there is no address */
        public ZeoClientOptions build() {
            if (addresses.isEmpty()) {
                throw new IllegalArgumentException("addresses: none (expected: at least one)");
            }
            return new ZeoClientOptions(copy());
        }
    }
}
