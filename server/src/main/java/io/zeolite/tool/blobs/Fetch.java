package io.zeolite.tool.blobs;

import io.zeolite.blob.StoredObject;
import io.zeolite.blob.tier.ObjectReader;
import io.zeolite.blob.tier.RetryingStore;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/** Reads objects to their ends and compares them with the checksums that are noted with them. */
final class Fetch {
    private final RetryingStore store;

    /**
     * An object that has been read.
     *
     * @param crc32c of the bytes that came
     */
    record Fetched(StoredObject object, int crc32c) {
        /** Whether the bytes are those that the checksum of the object is of; also if it has none. */
        boolean isIntact() {
            Integer noted = object.crc32c();
            return noted == null || noted == crc32c;
        }
    }

    Fetch(RetryingStore store) {
        this.store = store;
    }

    /**
     * Reads an object for the sake of its checksum.
     *
     * @param size that it has in the list of the bucket
     * @throws IOException if that is not possible, or it has another one
     */
    Fetched read(String key, long size) throws IOException {
        return read(key, size, null);
    }

    /**
     * Reads an object into a file.
     *
     * @param size that it has in the list of the bucket
     * @throws IOException if that is not possible, it has another one, or its checksum is wrong
     */
    Fetched into(Path file, String key, long size) throws IOException {
        Fetched fetched;
        try (FileChannel channel =
                FileChannel.open(file, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING)) {
            fetched = read(key, size, channel);
        }
        if (!fetched.isIntact()) {
            throw new IOException(damage(key, fetched));
        }
        return fetched;
    }

    String damage(String key, Fetched fetched) {
        return String.format(
                "%s%s is damaged: CRC-32C %08x (expected: %08x)",
                store.name(), key, fetched.crc32c(), fetched.object().crc32c());
    }

    private Fetched read(String key, long size, @Nullable FileChannel channel) throws IOException {
        CRC32C crc = new CRC32C();
        StoredObject object = new ObjectReader(store).read(key, bytes -> {
            crc.update(bytes.duplicate());
            write(bytes, channel);
            return true;
        });
        if (object.size() != size) {
            throw new IOException(store.name() + key + " came with " + object.size() + " bytes (expected: " + size
                    + ", as it is listed)");
        }
        return new Fetched(object, (int) crc.getValue());
    }

    private static void write(ByteBuffer bytes, @Nullable FileChannel channel) throws IOException {
        while (channel != null && bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }
}
