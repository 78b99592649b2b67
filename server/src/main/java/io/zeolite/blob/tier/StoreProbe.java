package io.zeolite.blob.tier;

import io.zeolite.blob.BlobStore;
import io.zeolite.blob.StoreException;
import io.zeolite.blob.StoreException.Reason;
import io.zeolite.blob.StoredContent;
import io.zeolite.blob.StoredObject;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Finds out what a store can do, by way of a small object that is there. */
final class StoreProbe {
    private static final int OFFSET = 7;
    private static final int MOST_BYTES = 4096;

    private final BlobStore store;
    private final String key;
    private final String contentType;

    StoreProbe(BlobStore store, String key, String contentType) {
        this.store = store;
        this.key = key;
        this.contentType = contentType;
    }

    /** What it lacks, and what that means here. */
    List<String> lacks() throws StoreException, IOException {
        List<String> lacks = new ArrayList<>();
        byte[] content;
        String version;
        try (StoredContent all = store.open(key, 0, null)) {
            content = readAll(all);
            version = all.object().version();
        }
        if (!givesRanges(content, version)) {
            lacks.add("ranges: a download that breaks off begins anew, and fails for readers");
        }
        StoredObject attested = store.attest(key);
        if (attested.crc32c() == null) {
            lacks.add("checksums of its own: what is archived is read back before the local file goes");
        }
        if (takesTheSameTwice(content)) {
            lacks.add(
                    "conditional writes (If-None-Match): two databases that claim the prefix in the same second are not"
                            + " told apart");
        }
        return lacks;
    }

    private static byte[] readAll(StoredContent content) throws IOException {
        ByteBuffer all = ByteBuffer.allocate(MOST_BYTES);
        while (all.hasRemaining() && content.read(all) >= 0) {
            // Until the end.
        }
        return Arrays.copyOf(all.array(), all.position());
    }

    private boolean givesRanges(byte[] content, String version) throws IOException {
        try (StoredContent rest = store.open(key, OFFSET, version)) {
            return Arrays.equals(readAll(rest), Arrays.copyOfRange(content, OFFSET, content.length));
        } catch (StoreException e) {
            if (e.reason() == Reason.UNAVAILABLE) {
                throw e;
            }
            return false;
        }
    }

    /** With the bytes that are there already, so that nothing is lost if it does. */
    private boolean takesTheSameTwice(byte[] content) throws StoreException {
        try {
            return store.putIfAbsent(key, content, contentType);
        } catch (StoreException e) {
            if (e.reason() == Reason.UNAVAILABLE) {
                throw e;
            }
            return true;
        }
    }
}
