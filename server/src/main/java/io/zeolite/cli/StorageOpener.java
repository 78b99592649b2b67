package io.zeolite.cli;

import io.zeolite.blob.ColdBlobs;
import io.zeolite.blob.directory.BlobDirectory;
import io.zeolite.commit.CommitContext;
import io.zeolite.commit.LocalStorage;
import io.zeolite.commit.LocalStorageOptions;
import io.zeolite.commit.staging.SpillFiles;
import io.zeolite.config.StorageConfig;
import io.zeolite.config.ZeoConfig;
import io.zeolite.disk.Disk;
import io.zeolite.disk.RealDisk;
import io.zeolite.storage.Storage;
import io.zeolite.storage.TransactionLog;
import io.zeolite.storage.file.DiscardedRevision;
import io.zeolite.storage.file.FileLog;
import io.zeolite.storage.file.FileLogOptions;
import io.zeolite.storage.memory.MemoryLog;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import org.jspecify.annotations.Nullable;

/** Opens the storages that a configuration describes. */
final class StorageOpener {
    private final ZeoConfig zeo;
    private final ServerThreads threads;
    private final Disk disk = new RealDisk();

    StorageOpener(ZeoConfig zeo, ServerThreads threads) {
        this.zeo = zeo;
        this.threads = threads;
    }

    /** @throws IOException if it cannot be opened; nothing of it is open then */
    Storage open(String name, StorageConfig config) throws IOException {
        if (config instanceof StorageConfig.ColdStorage cold) {
            ColdBlobs coldBlobs = ColdBlobsOpener.open(cold);
            boolean opened = false;
            try {
                Storage storage = open(name, cold.base(), coldBlobs);
                opened = true;
                return storage;
            } finally {
                if (!opened) {
                    coldBlobs.close();
                }
            }
        }
        return open(name, config, (ColdBlobs) null);
    }

    private Storage open(String name, StorageConfig config, @Nullable ColdBlobs cold) throws IOException {
        if (config instanceof StorageConfig.BlobStorage blobs) {
            if (blobs.base() instanceof StorageConfig.FileStorage file && file.blobDirectory() != null) {
                throw new IOException("storage " + name + ": blob-dir is given twice, " + file.blobDirectory() + " and "
                        + blobs.blobDirectory());
            }
            return open(name, blobs.base(), blobs.blobDirectory(), cold);
        }
        Path blobDirectory = config instanceof StorageConfig.FileStorage file ? file.blobDirectory() : null;
        return open(name, config, blobDirectory, cold);
    }

    private Storage open(String name, StorageConfig config, @Nullable Path blobDirectory, @Nullable ColdBlobs cold)
            throws IOException {
        if (config instanceof StorageConfig.FileStorage file) {
            return openFile(name, file, blobDirectory, cold);
        } else if (config instanceof StorageConfig.MappingStorage mapping) {
            return storage(name, new MemoryLog(mapping.label()), blobDirectory, cold, false, null);
        }
        throw new IOException("storage " + name + ": a blobstorage in a blobstorage");
    }

    private Storage openFile(
            String name, StorageConfig.FileStorage config, @Nullable Path blobDirectory, @Nullable ColdBlobs cold)
            throws IOException {
        long saveInterval = zeo.indexSaveInterval() == 0 ? Long.MAX_VALUE : zeo.indexSaveInterval();
        // Holds the lock from here on: nobody else writes these files, or the blobs beside them.
        FileLog log =
                FileLog.open(disk, config.path(), new FileLogOptions(config.create(), config.readOnly(), saveInterval));
        boolean opened = false;
        try {
            Storage storage = storage(name, log, blobDirectory, cold, config.readOnly(), config.quota());
            opened = true;
            return storage;
        } finally {
            if (!opened) {
                log.close();
            }
        }
    }

    private Storage storage(
            String name,
            TransactionLog log,
            @Nullable Path blobDirectory,
            @Nullable ColdBlobs cold,
            boolean readOnly,
            @Nullable Long quotaBytes)
            throws IOException {
        BlobDirectory blobs = null;
        if (blobDirectory != null) {
            blobs = readOnly ? BlobDirectory.openReadOnly(blobDirectory) : BlobDirectory.open(blobDirectory);
        }
        if (blobs != null && log instanceof FileLog file) {
            for (DiscardedRevision cut : file.discardedRevisions()) {
                blobs.remove(cut.oid(), cut.tid());
            }
        }
        long quota = quotaBytes == null ? Long.MAX_VALUE : quotaBytes;
        Duration age = zeo.invalidationAge() == null ? Duration.ZERO : zeo.invalidationAge();
        return LocalStorage.open(
                log,
                blobs,
                cold,
                new CommitContext(
                        threads.committer(name),
                        threads.io(),
                        InstantSource.system(),
                        threads,
                        zeo.transactionTimeout()),
                new LocalStorageOptions(
                        Math.max(1, zeo.invalidationQueueSize()),
                        age,
                        quota,
                        zeo.stagingMemory(),
                        SpillFiles.in(spillDirectory())));
    }

    /** Where large transactions wait: like Python's server, the directory for temporary files. */
    private static Path spillDirectory() {
        return Path.of(System.getProperty("java.io.tmpdir"));
    }
}
