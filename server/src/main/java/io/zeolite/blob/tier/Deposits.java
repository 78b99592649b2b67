package io.zeolite.blob.tier;

import io.zeolite.blob.StoreException;
import io.zeolite.blob.StoreException.Reason;
import io.zeolite.blob.StoredObject;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.zip.CRC32C;

/**
 * Puts files into a store and proves that they are there: by the checksum that the store itself has computed of the whole
 * object, if it is one that verifies them, else by reading the object back. What is read later is compared with the checksum
 * that comes with it, so that has to be the right one as well. Any thread.
 */
public final class Deposits {
    private final RetryingStore store;
    private final ChecksumTrust trust;

    /**
     * A file whose bytes are proven to be in the store.
     *
     * @param written whether it was written now, or was there before
     * @param readBack whether it was read back, or the store's checksum was enough
     */
    public record Deposit(boolean written, boolean readBack) {}

    public Deposits(RetryingStore store) {
        this.store = store;
        this.trust = new ChecksumTrust(store);
    }

    /** As {@link #put(String, Path, String, boolean)}, of a file that nobody has compared with a checksum. */
    public Deposit put(String key, Path file) throws IOException {
        return put(key, file, file.toString(), false);
    }

    /**
     * Puts a file there unless an object with its bytes is there already. When this returns, the store has all of it.
     * Another object is written over only if it is damaged by the checksum that is noted with it, or has none and the file is
     * whole: else it may be the file that is damaged.
     *
     * @param file does not change meanwhile
     * @param name what somebody who reads a message finds the bytes by, since the file may be gone by then
     * @param isWhole whether the file has the bytes of a checksum that somebody else has noted
     * @throws java.nio.file.NoSuchFileException if the file is gone
     * @throws WholeObjectException if such an object is there; it stays
     * @throws IOException if it is not proven; there may be an object or none
     */
    public Deposit put(String key, Path file, String name, boolean isWhole) throws IOException {
        int crc32c = FileChecksum.crc32c(file);
        Finding found = find(key, file, crc32c);
        if (found == Finding.OTHER) {
            checkMayBeReplaced(key, file, name, isWhole);
        }
        boolean written = false;
        if (!found.isProof()) {
            store.put(key, file, crc32c, ContentTypes.of(file));
            written = true;
            found = find(key, file, crc32c);
        }
        if (!found.isProof()) {
            throw new IOException(store.name() + key + " was written but is " + found.text);
        }
        return new Deposit(written, found == Finding.SAME_BYTES);
    }

    /** What has become of an object. */
    private enum Finding {
        MISSING("not there"),
        OTHER("another object"),
        WRONG_CHECKSUM("the same with a wrong checksum, so that it could not be read"),
        SAME_CHECKSUM("the same by its checksum"),
        SAME_BYTES("the same");

        private final String text;

        Finding(String text) {
            this.text = text;
        }

        boolean isProof() {
            return this == SAME_CHECKSUM || this == SAME_BYTES;
        }
    }

    private Finding find(String key, Path file, int crc32c) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            StoredObject attested = store.attest(key);
            if (attested.size() != channel.size()) {
                return Finding.OTHER;
            }
            Integer checksum = attested.crc32c();
            if (checksum != null && trust.isTrusted(store.isWrittenInParts(channel.size()))) {
                return checksum == crc32c ? Finding.SAME_CHECKSUM : Finding.OTHER;
            }
            return compare(key, channel, crc32c);
        } catch (StoreException e) {
            if (e.reason() == Reason.NOT_FOUND) {
                return Finding.MISSING;
            }
            throw e;
        }
    }

    private Finding compare(String key, FileChannel file, int crc32c) throws IOException {
        Comparison comparison = new Comparison(file);
        StoredObject object = new ObjectReader(store).read(key, comparison);
        if (!comparison.same || object.size() != file.size()) {
            return Finding.OTHER;
        }
        Integer checksum = object.crc32c();
        return checksum == null || checksum == crc32c ? Finding.SAME_BYTES : Finding.WRONG_CHECKSUM;
    }

    private void checkMayBeReplaced(String key, Path file, String name, boolean isWhole) throws IOException {
        StoredObject object = store.stat(key);
        Integer noted = object.crc32c();
        if (noted == null ? isWhole : noted != crc32cOf(key)) {
            return;
        }
        String why = noted == null ? "has no checksum that would tell which is damaged" : "is whole by its checksum";
        throw new WholeObjectException(String.format(
                "%s%s (%d bytes) has other bytes than %s (%d bytes) and %s, so it is not written over",
                store.name(), key, object.size(), name, Files.size(file), why));
    }

    private int crc32cOf(String key) throws IOException {
        CRC32C crc = new CRC32C();
        new ObjectReader(store).read(key, bytes -> {
            crc.update(bytes);
            return true;
        });
        return (int) crc.getValue();
    }

    /** Compares with a file, up to the first difference. */
    private static final class Comparison implements ObjectReader.Sink {
        private final FileChannel file;
        private ByteBuffer ofFile = ByteBuffer.allocate(0);
        private boolean same = true;

        Comparison(FileChannel file) {
            this.file = file;
        }

        @Override
        public boolean take(ByteBuffer bytes) throws IOException {
            if (ofFile.capacity() < bytes.remaining()) {
                ofFile = ByteBuffer.allocate(bytes.remaining());
            }
            ofFile.clear().limit(bytes.remaining());
            while (ofFile.hasRemaining() && file.read(ofFile) >= 0) {
                // Until as much is there.
            }
            same = ofFile.flip().equals(bytes);
            return same;
        }
    }
}
