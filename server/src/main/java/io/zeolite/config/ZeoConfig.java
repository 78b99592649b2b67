package io.zeolite.config;

import io.zeolite.tls.TlsSettings;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The {@code <zeo>} section: how clients are served, whatever storages there are. Sizes are in bytes.
 *
 * @param readOnly no client may write; packing is not a write
 * @param msgpack whether the server announces the msgpack encoding instead of pickles
 * @param invalidationQueueSize how many of the last transactions a client that comes back can be told of, at least
 * @param invalidationAge a client that was away for at most this long is told of what it missed by reading it from the
 *     storage; null if only the queue is used
 * @param transactionTimeout a client that takes longer between vote and finish is dropped; zero means no limit
 * @param pidFile where the process id is written while the server runs
 * @param maxMessageSize a client that sends a longer message is dropped
 * @param maxStagedSize the most that one transaction may bring, records and blobs together
 * @param clientBufferLimit the most outgoing bytes kept for a client that does not read them
 * @param clientStallTimeout a client that reads nothing for so long, although there is something for it, is dropped
 * @param handshakeTimeout a client that has not registered by then is dropped
 * @param stagingMemory records of one transaction beyond this, or of all beyond a quarter of the heap, are kept in a file until it is finished
 * @param ioThreads event loops; zero means two for each processor, as one may wait for the disk
 * @param drainTimeout how long voted transactions may take to finish, and then blobs to be sent, when the server is told to stop
 * @param indexSaveInterval the index of a file storage is saved after this many object records; zero means only when
 *     it is closed or packed
 * @param tls null if clients talk to the server in the clear
 */
public record ZeoConfig(
        ServerAddress address,
        boolean readOnly,
        boolean msgpack,
        int invalidationQueueSize,
        @Nullable Duration invalidationAge,
        Duration transactionTimeout,
        @Nullable Path pidFile,
        int maxMessageSize,
        long maxStagedSize,
        long clientBufferLimit,
        Duration clientStallTimeout,
        Duration handshakeTimeout,
        long stagingMemory,
        int ioThreads,
        Duration drainTimeout,
        int indexSaveInterval,
        @Nullable TlsSettings tls) {}
