package io.zeolite.cli;

import io.zeolite.blob.BlobStore;
import io.zeolite.blob.ColdBlobs;
import io.zeolite.blob.ReadOnlyStore;
import io.zeolite.blob.file.DirectoryStore;
import io.zeolite.blob.s3.S3Store;
import io.zeolite.blob.tier.BlobTier;
import io.zeolite.client.blob.BlobCache;
import io.zeolite.config.StorageConfig.Cache;
import io.zeolite.config.StorageConfig.ColdStorage;
import io.zeolite.config.StorageConfig.ColdStore;
import java.io.IOException;

/** Opens what a configuration puts behind the blob directory. */
final class ColdBlobsOpener {
    private ColdBlobsOpener() {}

    /** Sends no request yet. */
    static ColdBlobs open(ColdStorage config) throws IOException {
        Cache cache = config.cache();
        BlobCache opened = BlobCache.open(cache.directory(), cache.limit(), cache.verify());
        return new BlobTier(store(config), config.layout(), opened, config.tier());
    }

    static BlobStore store(ColdStorage config) {
        BlobStore store;
        if (config.store() instanceof ColdStore.Bucket bucket) {
            store = new S3Store(bucket.settings());
        } else {
            store = new DirectoryStore(((ColdStore.Directory) config.store()).root());
        }
        return config.readOnlyBucket() ? new ReadOnlyStore(store) : store;
    }
}
