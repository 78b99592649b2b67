package io.zeolite.cli;

import io.zeolite.blob.BlobRevision;
import io.zeolite.blob.BlobStore;
import io.zeolite.blob.ReadOnlyStore;
import io.zeolite.blob.directory.BlobDirectory;
import io.zeolite.blob.file.DirectoryStore;
import io.zeolite.blob.s3.S3Store;
import io.zeolite.blob.tier.ArchivePolicy;
import io.zeolite.blob.tier.Archiver;
import io.zeolite.blob.tier.BlobTier;
import io.zeolite.blob.tier.Garbage;
import io.zeolite.blob.tier.Keeper;
import io.zeolite.blob.tier.OwnedStore;
import io.zeolite.blob.tier.RetryingStore;
import io.zeolite.client.blob.BlobCache;
import io.zeolite.config.StorageConfig.Cache;
import io.zeolite.config.StorageConfig.ColdStorage;
import io.zeolite.config.StorageConfig.ColdStore;
import io.zeolite.error.PosKeyException;
import io.zeolite.storage.Completion;
import io.zeolite.storage.Storage;
import io.zeolite.storage.file.FileLog;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.ZoneId;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** Opens what a configuration puts behind the blob directory. */
final class ColdBlobsOpener {
    private static final Duration MOST_FOR_A_LOAD = Duration.ofMinutes(1);

    private final ColdStorage config;
    private final Path blobDirectory;
    private final BlobStore store;
    private final RetryingStore writing;
    private final @Nullable Garbage garbage;
    private final BlobTier tier;

    private ColdBlobsOpener(ColdStorage config) throws IOException {
        this.config = config;
        this.blobDirectory = config.blobDirectory();
        this.store = store(config);
        this.writing = new RetryingStore(
                store,
                config.tier(),
                "Nothing is archived or deleted there until it is back; everything else goes on.");
        Duration grace = config.upkeep().gcGrace();
        this.garbage = grace == null ? null : new Garbage(blobDirectory, writing, config.layout(), grace);
        Cache cache = config.cache();
        BlobCache opened = BlobCache.open(cache.directory(), cache.limit(), cache.verify());
        this.tier = new BlobTier(store, config.layout(), opened, config.tier(), garbage);
    }

    /** Sends no request yet. */
    static ColdBlobsOpener open(ColdStorage config) throws IOException {
        return new ColdBlobsOpener(config);
    }

    /** Closed with the storage before it. */
    BlobTier tier() {
        return tier;
    }

    static BlobStore store(ColdStorage config) {
        BlobStore store;
        if (config.store() instanceof ColdStore.Bucket bucket) {
            store = new S3Store(bucket.settings());
        } else {
            store = new DirectoryStore(((ColdStore.Directory) config.store()).root());
        }
        return config.readOnlyBucket()
                ? new ReadOnlyStore(store)
                : new OwnedStore(store, config.blobDirectory(), config.upkeep().takeover());
    }

    /** Begins what the server does about the bucket by itself, now that the storage is open. */
    void keep(Storage storage) throws IOException {
        boolean readOnly = config.readOnlyBucket();
        boolean keeps = !config.upkeep().isNone() && !storage.info().readOnly();
        if (!readOnly && !keeps) {
            return;
        }
        Keeper keeper = new Keeper(blobDirectory, store, writing, Clock.system(ZoneId.systemDefault()));
        tier.keep(keeper);
        keeper.look(readOnly);
        if (garbage != null) {
            keeper.collect(garbage, new References(storage, config.dataFile()));
        }
        ArchivePolicy policy = config.upkeep().archive();
        if (policy != null) {
            Archiver archiver = new Archiver(BlobDirectory.openReadOnly(blobDirectory), writing, config.layout());
            keeper.archive(archiver, policy);
        }
    }

    /** Of a storage, and of the file that its last pack has left. */
    private record References(Storage storage, @Nullable Path data) implements Garbage.References {
        @Override
        public boolean has(BlobRevision revision) throws IOException {
            return isReferredTo(storage, revision);
        }

        @Override
        public boolean keepsOld() {
            // If that cannot be told, what it may need is kept.
            return data != null && !Files.notExists(FileLog.old(data));
        }
    }

    private static boolean isReferredTo(Storage storage, BlobRevision revision) throws IOException {
        if (Thread.interrupted()) {
            // Reading closes a channel for everybody if it is done by a thread that is interrupted, by an SDK's timer
            // perhaps.
            throw new IOException("interrupted while looking for " + revision);
        }
        CompletableFuture<byte[]> loaded = new CompletableFuture<>();
        storage.loadSerial(revision.oid(), revision.tid(), new Completion<>() {
            @Override
            public void complete(byte[] data) {
                loaded.complete(data);
            }

            @Override
            public void fail(Throwable failure) {
                loaded.completeExceptionally(failure);
            }
        });
        try {
            loaded.get(MOST_FOR_A_LOAD.toSeconds(), TimeUnit.SECONDS);
            return true;
        } catch (ExecutionException e) {
            if (e.getCause() instanceof PosKeyException) {
                return false;
            }
            throw new IOException("cannot see whether " + revision + " is needed: " + e.getCause(), e);
        } catch (TimeoutException e) {
            throw new IOException("cannot see whether " + revision + " is needed: no answer", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while looking for " + revision, e);
        }
    }
}
