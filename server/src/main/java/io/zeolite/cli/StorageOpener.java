package io.zeolite.cli;

import io.zeolite.blob.ColdBlobs;
import io.zeolite.blob.directory.BlobDirectory;
import io.zeolite.commit.CommitContext;
import io.zeolite.commit.LocalStorage;
import io.zeolite.commit.LocalStorageOptions;
import io.zeolite.commit.PackSettings;
import io.zeolite.commit.staging.SpillFiles;
import io.zeolite.commit.staging.StagingMemory;
import io.zeolite.config.StorageConfig;
import io.zeolite.config.ZeoConfig;
import io.zeolite.disk.Disk;
import io.zeolite.disk.RealDisk;
import io.zeolite.edge.EdgeSettings;
import io.zeolite.edge.EdgeStorage;
import io.zeolite.storage.Storage;
import io.zeolite.storage.TransactionLog;
import io.zeolite.storage.demo.DemoStorage;
import io.zeolite.storage.file.DiscardedRevision;
import io.zeolite.storage.file.FileLog;
import io.zeolite.storage.file.FileLogOptions;
import io.zeolite.storage.file.PackOptions;
import io.zeolite.storage.memory.MemoryLog;
import io.zeolite.zodb.Tid;
import io.zeolite.zodb.TimeStamp;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Opens the storages that a configuration describes. */
final class StorageOpener {
    private static final Logger LOG = LoggerFactory.getLogger("ZEO.runzeo");

    /** What Python calls a storage in memory that a demo storage makes for itself. */
    private static final String UNNAMED = "MappingStorage";

    /** Of what was in memory before nothing is kept, so nobody has a use for the blobs of it. */
    private static final PackSettings IN_MEMORY = new PackSettings(false, 0);

    private final ZeoConfig zeo;
    private final ServerThreads threads;
    /** Of all storages together. */
    private final StagingMemory stagingMemory;

    private final Disk disk = new RealDisk();

    StorageOpener(ZeoConfig zeo, ServerThreads threads) {
        this.zeo = zeo;
        this.threads = threads;
        this.stagingMemory = StagingMemory.ofHeap(zeo.stagingMemory());
    }

    /** @throws IOException if it cannot be opened; nothing of it is open then */
    Storage open(String name, StorageConfig config) throws IOException {
        return open(name, config, InstantSource.system());
    }

    private Storage open(String name, StorageConfig config, InstantSource clock) throws IOException {
        if (config instanceof StorageConfig.DemoStorage demo) {
            return openDemo(name, demo, clock);
        } else if (config instanceof StorageConfig.ColdStorage cold) {
            return openCold(name, cold, clock);
        } else if (config instanceof StorageConfig.ClientStorage client) {
            return openEdge(name, client);
        }
        return open(name, config, null, clock);
    }

    private Storage openCold(String name, StorageConfig.ColdStorage config, InstantSource clock) throws IOException {
        boolean newDirectory = BlobDirectory.isNew(config.blobDirectory());
        ColdBlobsOpener cold = ColdBlobsOpener.open(config);
        Storage storage = null;
        boolean opened = false;
        try {
            storage = open(name, config.base(), cold.tier(), clock);
            if (newDirectory && !storage.info().readOnly() && storage.lastTransaction() != Tid.NONE) {
                tellOfNewDirectory(storage, config);
            }
            cold.keep(storage);
            opened = true;
            return storage;
        } finally {
            if (!opened && storage != null) {
                storage.close();
            } else if (!opened) {
                cold.tier().close();
            }
        }
    }

    /** As for a blob directory alone, but all blobs may be in the bucket; those of a copy of a site are meant to be. */
    private static void tellOfNewDirectory(Storage storage, StorageConfig.ColdStorage config) {
        String found = storage.info().name() + " has transactions, and the blob directory " + config.blobDirectory()
                + " is new: ";
        if (config.readOnlyBucket()) {
            LOG.info("{}blobs that are not in the bucket cannot be read", found);
        } else {
            LOG.warn(
                    "{}blobs that are not in the bucket are missing. If there have been any here, their disk is not"
                            + " mounted perhaps: stop the server before more are stored",
                    found);
        }
    }

    private Storage open(String name, StorageConfig config, @Nullable ColdBlobs cold, InstantSource clock)
            throws IOException {
        if (config instanceof StorageConfig.BlobStorage blobs) {
            return open(name, blobs.base(), new Blobs(blobs.blobDirectory(), blobs.syncBlobs()), cold, clock);
        }
        Blobs blobs = null;
        if (config instanceof StorageConfig.FileStorage file && file.blobDirectory() != null) {
            blobs = new Blobs(file.blobDirectory(), file.syncBlobs());
        }
        return open(name, config, blobs, cold, clock);
    }

    /** See {@link StorageConfig.FileStorage}. */
    private record Blobs(Path directory, boolean sync) {}

    private Storage open(
            String name, StorageConfig config, @Nullable Blobs blobs, @Nullable ColdBlobs cold, InstantSource clock)
            throws IOException {
        if (config instanceof StorageConfig.FileStorage file) {
            return openFile(name, file, blobs, cold, clock);
        } else if (config instanceof StorageConfig.MappingStorage mapping) {
            return inMemory(name, mapping.label(), blobs, cold, clock);
        }
        throw new IllegalStateException("storage " + name + ": no blob directory can be put beside it: " + config);
    }

    private Storage openEdge(String name, StorageConfig.ClientStorage config) throws IOException {
        EdgeStorage storage = EdgeStorage.open(new EdgeSettings(
                config.label(),
                config.client(),
                config.readOnly(),
                Math.max(1, zeo.invalidationQueueSize()),
                zeo.transactionTimeout(),
                stagingMemory,
                SpillFiles.in(spillDirectory()),
                threads.io(),
                threads));
        boolean opened = false;
        try {
            if (config.waits()) {
                storage.awaitConnection();
            }
            opened = true;
            return storage;
        } catch (IOException e) {
            throw new IOException("storage " + name + ": " + e.getMessage(), e);
        } finally {
            if (!opened) {
                storage.close();
            }
        }
    }

    private Storage openDemo(String name, StorageConfig.DemoStorage config, InstantSource clock) throws IOException {
        Storage base =
                config.base() == null ? inMemory(name, UNNAMED, null, null, clock) : open(name, config.base(), clock);
        boolean opened = false;
        try {
            Instant lastOfBase = TimeStamp.toInstant(base.lastTransaction());
            // What is changed comes after what is there, whatever the clock says.
            Storage demo = openChanges(name, config, base, () -> later(clock.instant(), lastOfBase.plusMillis(1)));
            opened = true;
            return demo;
        } finally {
            if (!opened) {
                base.close();
            }
        }
    }

    private Storage openChanges(String name, StorageConfig.DemoStorage config, Storage base, InstantSource clock)
            throws IOException {
        RandomGenerator random = new SecureRandom();
        if (config.changes() != null) {
            Storage changes = open(name + "-changes", config.changes(), clock);
            return new DemoStorage(config.label(), base, changes, random, () -> {});
        }
        TemporaryBlobs blobs = new TemporaryBlobs();
        boolean opened = false;
        try {
            Storage changes = inMemory(name + "-changes", UNNAMED, new Blobs(blobs.directory(), false), null, clock);
            opened = true;
            return new DemoStorage(config.label(), base, changes, random, blobs::remove);
        } finally {
            if (!opened) {
                blobs.remove();
            }
        }
    }

    private static Instant later(Instant a, Instant b) {
        return a.isAfter(b) ? a : b;
    }

    private Storage openFile(
            String name,
            StorageConfig.FileStorage config,
            @Nullable Blobs blobs,
            @Nullable ColdBlobs cold,
            InstantSource clock)
            throws IOException {
        long saveInterval = zeo.indexSaveInterval() == 0 ? Long.MAX_VALUE : zeo.indexSaveInterval();
        // Holds the lock from here on: nobody else writes these files, or the blobs beside them.
        FileLog log = FileLog.open(
                disk,
                config.path(),
                new FileLogOptions(
                        config.create(),
                        config.readOnly(),
                        saveInterval,
                        new PackOptions(config.packGc(), config.packKeepOld()),
                        config.mapData()));
        boolean opened = false;
        try {
            long quota = config.quota() == null ? Long.MAX_VALUE : config.quota();
            PackSettings pack = new PackSettings(config.packKeepOld(), config.packRate());
            Storage storage = storage(name, log, blobs, cold, quota, pack, clock);
            opened = true;
            return storage;
        } finally {
            if (!opened) {
                log.close();
            }
        }
    }

    private Storage inMemory(
            String name, String label, @Nullable Blobs blobs, @Nullable ColdBlobs cold, InstantSource clock)
            throws IOException {
        return storage(name, new MemoryLog(label), blobs, cold, Long.MAX_VALUE, IN_MEMORY, clock);
    }

    private Storage storage(
            String name,
            TransactionLog log,
            @Nullable Blobs blobs,
            @Nullable ColdBlobs cold,
            long quotaBytes,
            PackSettings pack,
            InstantSource clock)
            throws IOException {
        if (blobs != null
                && cold == null
                && !log.info().readOnly()
                && log.lastTransaction() != Tid.NONE
                && BlobDirectory.isNew(blobs.directory())) {
            LOG.warn(
                    "{} has transactions, and the blob directory {} is new. If there have been blobs, their disk is not"
                            + " mounted perhaps: stop the server before more are stored",
                    log.info().name(),
                    blobs.directory());
        }
        BlobDirectory directory = blobs == null
                ? null
                : log.info().readOnly()
                        ? BlobDirectory.openReadOnly(blobs.directory())
                        : BlobDirectory.openLocked(disk, blobs.directory(), blobs.sync());
        boolean opened = false;
        try {
            Storage storage = storage(name, log, directory, cold, quotaBytes, pack, clock);
            opened = true;
            return storage;
        } finally {
            if (!opened && directory != null) {
                directory.close();
            }
        }
    }

    private Storage storage(
            String name,
            TransactionLog log,
            @Nullable BlobDirectory directory,
            @Nullable ColdBlobs cold,
            long quotaBytes,
            PackSettings pack,
            InstantSource clock)
            throws IOException {
        if (directory != null && log instanceof FileLog file) {
            for (DiscardedRevision cut : file.discardedRevisions()) {
                directory.remove(cut.oid(), cut.tid());
            }
        }
        Duration age = zeo.invalidationAge() == null ? Duration.ZERO : zeo.invalidationAge();
        return LocalStorage.open(
                log,
                directory,
                cold,
                new CommitContext(
                        threads.committer(name),
                        threads.io(),
                        clock,
                        threads,
                        zeo.transactionTimeout(),
                        threads.packer(name)),
                new LocalStorageOptions(
                        Math.max(1, zeo.invalidationQueueSize()),
                        age,
                        quotaBytes,
                        stagingMemory,
                        SpillFiles.in(spillDirectory()),
                        pack));
    }

    /** Where large transactions wait: like Python's server, the directory for temporary files. */
    private static Path spillDirectory() {
        return Path.of(System.getProperty("java.io.tmpdir"));
    }
}
