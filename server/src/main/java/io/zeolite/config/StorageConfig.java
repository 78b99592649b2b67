package io.zeolite.config;

import io.zeolite.blob.KeyLayout;
import io.zeolite.blob.s3.S3Settings;
import io.zeolite.blob.tier.ArchivePolicy;
import io.zeolite.blob.tier.TierSettings;
import io.zeolite.client.ZeoClientOptions;
import io.zeolite.client.blob.CacheLimit;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A storage as the configuration describes it; nothing has been opened or looked at yet. */
public sealed interface StorageConfig {
    /**
     * {@code <filestorage>}: a {@code Data.fs}.
     *
     * @param path the data file, as it was written; the names of the index and the lock file come from it
     * @param blobDirectory null if this storage has no blobs
     * @param create whether an existing file is emptied first
     * @param readOnly whether it is only read; another process may write it meanwhile
     * @param quota the data file may not grow beyond this many bytes by storing; null for no limit
     * @param packGc whether packing removes objects that nothing refers to
     * @param packKeepOld whether packing leaves the file as it was before under the name {@code path.old}
     * @param packRate how many bytes a second packing reads and writes at the most; 0 for no limit
     * @param syncBlobs whether a blob is forced to the disk before its transaction counts as committed
     * @param mapData whether records are read from memory that is mapped to the data file
     */
    record FileStorage(
            Path path,
            @Nullable Path blobDirectory,
            boolean create,
            boolean readOnly,
            @Nullable Long quota,
            boolean packGc,
            boolean packKeepOld,
            long packRate,
            boolean syncBlobs,
            boolean mapData)
            implements StorageConfig {
        /** Without a limit to the rate of packing, with blobs that are forced, and data that is mapped. */
        public FileStorage(
                Path path,
                @Nullable Path blobDirectory,
                boolean create,
                boolean readOnly,
                @Nullable Long quota,
                boolean packGc,
                boolean packKeepOld) {
            this(path, blobDirectory, create, readOnly, quota, packGc, packKeepOld, 0, true, true);
        }
    }

    /**
     * {@code <mappingstorage>}: objects in memory.
     *
     * @param label what clients are told the storage is called; not the name that they ask for it by
     */
    record MappingStorage(String label) implements StorageConfig {}

    /**
     * {@code <blobstorage>}: blobs for a storage that has none itself.
     *
     * @param base where the other records are
     * @param syncBlobs whether a blob is forced to the disk before its transaction counts as committed
     */
    record BlobStorage(Path blobDirectory, StorageConfig base, boolean syncBlobs) implements StorageConfig {}

    /**
     * {@code <demostorage>}: changes over a base that stays as it is.
     *
     * @param label what clients are told the storage is called; null for a name made of those of base and changes
     * @param base null for one in memory, which is empty
     * @param changes null for one in memory, with blobs in a temporary directory
     */
    record DemoStorage(
            @Nullable String label,
            @Nullable StorageConfig base,
            @Nullable StorageConfig changes) implements StorageConfig {}

    /**
     * {@code <zeoclient>} and {@code <clientstorage>}: a storage of another server.
     *
     * @param label what clients are told the storage is called
     * @param client how the other server is reached, and the caches
     * @param readOnly whether nobody may write
     * @param waits whether the server starts only when the other one has been reached
     */
    record ClientStorage(String label, ZeoClientOptions client, boolean readOnly, boolean waits)
            implements StorageConfig {}

    /**
     * {@code <s3blobs>} and its like: a storage whose blobs may also be far away.
     *
     * @param store where they are
     * @param layout how they are named there
     * @param readOnlyBucket whether nothing is ever written or deleted there
     * @param upkeep what the server does about it by itself; nothing if it is read only
     * @param base the storage, which has a blob directory
     */
    record ColdStorage(
            ColdStore store,
            KeyLayout layout,
            Cache cache,
            boolean readOnlyBucket,
            TierSettings tier,
            Upkeep upkeep,
            StorageConfig base)
            implements StorageConfig {
        /** That of the storage within. */
        public Path blobDirectory() {
            Path directory = null;
            if (base instanceof BlobStorage blobs) {
                directory = blobs.blobDirectory();
            } else if (base instanceof FileStorage file) {
                directory = file.blobDirectory();
            }
            return Objects.requireNonNull(directory, "no blobs in the storage before a bucket");
        }

        /** That of the storage within; null if that is in memory. */
        public @Nullable Path dataFile() {
            StorageConfig records = base instanceof BlobStorage blobs ? blobs.base() : base;
            return records instanceof FileStorage file ? file.path() : null;
        }
    }

    /**
     * What the server does about a bucket by itself.
     *
     * @param archive null to move nothing there
     * @param gcGrace how long objects stay there that a pack has made superfluous; null for ever
     * @param takeover which owner of the prefix is superseded; see {@link io.zeolite.blob.tier.OwnedStore}
     */
    record Upkeep(
            @Nullable ArchivePolicy archive,
            @Nullable Duration gcGrace,
            @Nullable String takeover) {
        /** As the packages whose sections these are: nothing. */
        static final Upkeep NONE = new Upkeep(null, null, null);

        /** Whether the server leaves it alone. */
        public boolean isNone() {
            return archive == null && gcGrace == null;
        }
    }

    /** Where blobs are that have left the blob directory. */
    sealed interface ColdStore {
        record Bucket(S3Settings settings) implements ColdStore {}

        /** @param root a directory that plays a bucket */
        record Directory(Path root) implements ColdStore {}
    }

    /**
     * Blobs that have come from far away.
     *
     * @param verify whether each is compared with its checksum whenever it is used
     */
    record Cache(Path directory, CacheLimit limit, boolean verify) {}
}
