package io.zeolite.blob.tier;

import io.zeolite.blob.StoreException;
import io.zeolite.blob.StoreException.Reason;
import io.zeolite.blob.StoredObject;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
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
    /** What was found out, of objects in one piece and of those in parts. */
    private final Map<Boolean, Boolean> trusted = new HashMap<>();

    ChecksumTrust(RetryingStore store) {
        this.store = store;
    }

    /**
     * Tries it when it is called for the first time, with half a dozen requests.
     *
     * @param inParts whether it is about objects that are written in parts: there are stores that verify the checksums of
     *     parts, and repeat whatever they are told of the whole
     */
    synchronized boolean isTrusted(boolean inParts) throws IOException {
        Boolean known = trusted.get(inParts);
        if (known == null) {
            known = probe(inParts);
            trusted.put(inParts, known);
            LOG.info(
                    "{} {} of objects in {}",
                    store.name(),
                    known ? "verifies checksums" : "does not verify checksums",
                    inParts ? "parts" : "one piece");
        }
        return known;
    }

    private boolean probe(boolean inParts) throws IOException {
        Path file = Files.createTempFile("zeolite-probe-", ".tmp");
        try {
            Files.write(file, PROBE);
            int right = FileChecksum.crc32c(file);
            write(file, right, inParts);
            boolean verifies = isGiven(right) && refuses(file, ~right, inParts) && isGiven(right);
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

    private void write(Path file, int crc32c, boolean inParts) throws IOException {
        if (inParts) {
            store.putInParts(PROBE_KEY, file, crc32c, "text/plain");
        } else {
            store.put(PROBE_KEY, file, crc32c, "text/plain");
        }
    }

    private boolean isGiven(int crc32c) throws StoreException {
        StoredObject attested = store.attest(PROBE_KEY);
        return attested.size() == PROBE.length && attested.crc32c() != null && attested.crc32c() == crc32c;
    }

    private boolean refuses(Path file, int wrong, boolean inParts) throws IOException {
        try {
            write(file, wrong, inParts);
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
