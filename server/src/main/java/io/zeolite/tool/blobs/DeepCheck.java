package io.zeolite.tool.blobs;

import io.zeolite.blob.StoreException;
import io.zeolite.blob.StoreException.Reason;
import io.zeolite.blob.directory.BlobDirectory;
import io.zeolite.blob.tier.FileChecksum;
import io.zeolite.tool.blobs.BlobTable.Blob;
import io.zeolite.tool.blobs.Fetch.Fetched;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Reads all bytes of blobs, wherever they are, and compares them. Any thread. */
final class DeepCheck {
    private final BlobDirectory directory;
    private final Site.@Nullable Cold bucket;

    DeepCheck(BlobDirectory directory, Site.@Nullable Cold bucket) {
        this.directory = directory;
        this.bucket = bucket;
    }

    /** @return null if nothing is wrong */
    @Nullable
    Flaw check(Blob blob) {
        Path file = directory.path(blob.oid(), blob.tid());
        Integer ofFile = null;
        if (blob.isLocal()) {
            try {
                ofFile = FileChecksum.crc32c(file);
            } catch (NoSuchFileException e) {
                // Archived meanwhile, or packed away; the bucket has it or somebody looks again.
            } catch (IOException e) {
                return new Flaw(Flaw.Kind.UNREADABLE, blob.revision(), "cannot read " + file + ": " + e);
            }
        }
        return blob.isStored() && bucket != null ? checkObject(blob, bucket, ofFile) : null;
    }

    private static @Nullable Flaw checkObject(Blob blob, Site.Cold bucket, @Nullable Integer ofFile) {
        String key = bucket.key(blob.oid(), blob.tid());
        Fetch fetch = new Fetch(bucket.store());
        try {
            Fetched fetched = fetch.read(key, blob.stored());
            if (!fetched.isIntact()) {
                return new Flaw(Flaw.Kind.CHECKSUM, blob.revision(), fetch.damage(key, fetched));
            } else if (ofFile != null && ofFile != fetched.crc32c()) {
                String message = String.format(
                        "its file and %s%s differ: CRC-32C %08x and %08x",
                        bucket.store().name(), key, ofFile, fetched.crc32c());
                return new Flaw(Flaw.Kind.CHECKSUM, blob.revision(), message);
            }
        } catch (StoreException e) {
            boolean removed = e.reason() == Reason.NOT_FOUND && ofFile != null;
            return removed ? null : unreadable(blob, e);
        } catch (IOException e) {
            return unreadable(blob, e);
        }
        return null;
    }

    private static Flaw unreadable(Blob blob, IOException failure) {
        return new Flaw(Flaw.Kind.UNREADABLE, blob.revision(), String.valueOf(failure.getMessage()));
    }
}
