package io.zeolite.tool.blobs;

import io.zeolite.blob.BlobStore;
import io.zeolite.blob.KeyLayout;
import io.zeolite.blob.ReadOnlyStore;
import io.zeolite.blob.directory.BlobDirectory;
import io.zeolite.blob.file.DirectoryStore;
import io.zeolite.blob.s3.S3Server;
import io.zeolite.blob.s3.S3Settings.Credentials;
import io.zeolite.blob.s3.S3Store;
import io.zeolite.blob.tier.Archiver.Afterwards;
import io.zeolite.blob.tier.Archiver.Age;
import io.zeolite.blob.tier.Archiver.Effort;
import io.zeolite.blob.tier.Archiver.Selection;
import io.zeolite.blob.tier.FaultProxy;
import io.zeolite.blob.tier.RetryingStore;
import io.zeolite.blob.tier.TierSettings;
import io.zeolite.client.blob.CacheFiles;
import io.zeolite.storage.file.DataFile;
import io.zeolite.tool.ToolOutput;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** A data file with blobs, some of them in a real bucket. */
final class TestSite implements AutoCloseable {
    static final long TID = 0x03f1a2b3c4d5e600L;
    static final Effort EFFORT = new Effort(3, 0);

    private static final String BLOB = "\u0080\u0003cZODB.blob\nBlob\nq\u0000.\u0080\u0003N.";
    final Path home;
    final DataFile data = new DataFile();
    final BlobDirectory blobs;
    final boolean inBucket;
    Duration gcGrace = Duration.ofDays(1);
    int failuresUntilAway = 1000;
    private final @Nullable S3Server server;
    private final @Nullable FaultProxy proxy;

    TestSite(Path home, boolean inBucket) throws Exception {
        this.home = home;
        this.inBucket = inBucket;
        blobs = BlobDirectory.open(home.resolve("blobs"));
        Path cold = Files.createDirectories(home.resolve("cold"));
        server = inBucket ? S3Server.start(cold) : null;
        proxy = server == null ? null : FaultProxy.before(server.port());
    }

    static byte[] bytes(long oid, long tid, int size) {
        byte[] bytes = new byte[size];
        new Random(oid * 31 + tid).nextBytes(bytes);
        return bytes;
    }

    /** Commits a revision of a blob. */
    void commit(long oid, long tid, int size) throws IOException {
        data.transaction(tid).store(oid, BLOB).finish();
        writeFile(oid, tid, bytes(oid, tid, size));
    }

    /** Puts a file where that of a revision belongs, whatever the data file says. */
    void writeFile(long oid, long tid, byte[] content) throws IOException {
        Path file = blobs.newTemporaryFile();
        Files.write(file, content);
        blobs.prepare(oid);
        blobs.commit(file, oid, tid);
    }

    void writeCached(long oid, long tid, byte[] content) throws IOException {
        Path file = CacheFiles.path(cache(), oid, tid);
        Files.createDirectories(Objects.requireNonNull(file.getParent()));
        Files.write(file, content);
    }

    Path cache() {
        return home.resolve("cache");
    }

    Path file(long oid, long tid) {
        return blobs.path(oid, tid);
    }

    /** The store by way of the proxy, or past it. */
    BlobStore store(boolean past) {
        if (server == null || proxy == null) {
            return new DirectoryStore(home.resolve("cold"));
        }
        URI endpoint = past ? server.endpoint() : proxy.endpoint();
        return new S3Store(S3Server.settings(
                endpoint, "site/", new Credentials.Keys(S3Server.ACCESS_KEY, S3Server.SECRET_KEY, null)));
    }

    FaultProxy proxy() {
        return Objects.requireNonNull(proxy);
    }

    String key(long oid, long tid) {
        return KeyLayout.FLAT.key(oid, tid);
    }

    /** Writes the data file as it is now, and gives the site; to be closed. */
    Site site() throws IOException {
        return site(false);
    }

    /** The same with another blob directory. */
    Site siteWith(Path blobDirectory) throws IOException {
        Site site = site();
        return new Site(site.name(), site.dataFile(), blobDirectory, site.cold());
    }

    /** A path as it is written from the directory of this process. */
    static Path relative(Path path) {
        return Path.of("").toAbsolutePath().relativize(path);
    }

    Site site(boolean readOnly) throws IOException {
        BlobStore store = readOnly ? new ReadOnlyStore(store(false)) : store(false);
        TierSettings settings = new TierSettings(1, 2, Duration.ofMillis(1), Duration.ofMillis(1), failuresUntilAway);
        Site.Cold cold = new Site.Cold(new RetryingStore(store, settings), KeyLayout.FLAT, readOnly, gcGrace, cache());
        return new Site("1", data.writeTo(home.resolve("Data.fs")), home.resolve("blobs"), cold);
    }

    /** Moves the largest blobs to the bucket. */
    void archive(int limit, Afterwards afterwards) throws IOException {
        Selection selection = Selection.of(Age.ANY, 0, limit);
        try (Site site = site()) {
            new Archive(
                            site,
                            new Archive.Options(selection, afterwards, EFFORT, false, false),
                            new ToolOutput().console())
                    .run();
        }
    }

    @Override
    public void close() throws Exception {
        if (server != null && proxy != null) {
            proxy.close();
            server.close();
        }
    }
}
