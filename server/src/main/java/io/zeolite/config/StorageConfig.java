package io.zeolite.config;

import java.nio.file.Path;
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
     */
    record FileStorage(
            Path path,
            @Nullable Path blobDirectory,
            boolean create,
            boolean readOnly,
            @Nullable Long quota,
            boolean packGc,
            boolean packKeepOld)
            implements StorageConfig {}

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
     */
    record BlobStorage(Path blobDirectory, StorageConfig base) implements StorageConfig {}

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
}
