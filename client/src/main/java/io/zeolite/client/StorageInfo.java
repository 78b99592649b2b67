package io.zeolite.client;

import java.util.Set;

/**
 * What the server says of its storage, as of the last time it did.
 *
 * @param name in the server's words, a path mostly
 * @param length the number of objects
 * @param sizeBytes of the storage
 * @param supportsUndo whether transactions can be undone
 * @param interfaces what the storage provides, such as {@code ZODB.interfaces.IBlobStorage}
 * @param readOnly whether this connection is
 * @param server the address
 * @param encoding {@code Z5}, pickle, or {@code M5}, msgpack
 */
public record StorageInfo(
        String name,
        long length,
        long sizeBytes,
        boolean supportsUndo,
        Set<String> interfaces,
        boolean readOnly,
        String server,
        String encoding) {
    /** Whether the storage keeps blobs. */
    public boolean supportsBlobs() {
        return interfaces.contains("ZODB.interfaces.IBlobStorage");
    }

    StorageInfo withSizes(long newLength, long newSizeBytes) {
        return new StorageInfo(name, newLength, newSizeBytes, supportsUndo, interfaces, readOnly, server, encoding);
    }

    StorageInfo withReadOnly() {
        return new StorageInfo(name, length, sizeBytes, supportsUndo, interfaces, true, server, encoding);
    }
}
