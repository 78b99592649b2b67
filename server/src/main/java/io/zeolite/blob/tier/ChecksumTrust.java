package io.zeolite.blob.tier;

import io.zeolite.blob.StoreException;
import io.zeolite.blob.StoreException.Reason;
import io.zeolite.blob.StoredObject;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether the checksums that a store gives are worth anything, found out by trying: it must give that of a small object, and
 * refuse the same object with another one. There are stores that repeat any checksum, or take a wrong one without a word. Any
 * thread.
 */
final class ChecksumTrust {
    static final String PROBE_KEY = ".zeolite-probe";

    private static final Logger LOG = LoggerFactory.getLogger(ChecksumTrust.class);

    private static final byte[] PROBE =
            "Zeolite tries whether checksums are verified. May be deleted.\n".getBytes(StandardCharsets.US_ASCII);

    private final RetryingStore store;
    private @Nullable Boolean trusted;

    ChecksumTrust(RetryingStore store) {
        this.store = store;
    }

    /** Tries it when it is called for the first time, with six requests. */
    synchronized boolean isTrusted() throws IOException {
        Boolean known = trusted;
        if (known == null) {
            known = probe();
            trusted = known;
            LOG.info(
                    "{} {}",
                    store.name(),
                    known
                            ? "verifies checksums: they prove that an object is complete"
                            : "does not verify checksums: objects are read back");
        }
        return known;
    }

    private boolean probe() throws IOException {
        Path file = Files.createTempFile("zeolite-probe-", ".tmp");
        try {
            Files.write(file, PROBE);
            int right = FileChecksum.crc32c(file);
            store.put(PROBE_KEY, file, right, "text/plain");
            boolean verifies = isGiven(right) && refuses(file, ~right) && isGiven(right);
            delete();
            return verifies;
        } catch (StoreException e) {
            if (e.reason() == Reason.UNAVAILABLE) {
                throw e;
            }
            // Whoever may not write there cannot find out.
            return false;
        } finally {
            Files.delete(file);
        }
    }

    private boolean isGiven(int crc32c) throws StoreException {
        StoredObject attested = store.attest(PROBE_KEY);
        return attested.size() == PROBE.length && attested.crc32c() != null && attested.crc32c() == crc32c;
    }

    private boolean refuses(Path file, int wrong) throws IOException {
        try {
            store.put(PROBE_KEY, file, wrong, "text/plain");
            return false;
        } catch (StoreException e) {
            if (e.reason() == Reason.UNAVAILABLE) {
                throw e;
            }
            return true;
        }
    }

    private void delete() throws StoreException {
        try {
            store.delete(PROBE_KEY);
        } catch (StoreException e) {
            if (e.reason() == Reason.UNAVAILABLE) {
                throw e;
            }
            // It stays, and is written over the next time.
        }
    }
}
