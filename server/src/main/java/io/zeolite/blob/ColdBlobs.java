package io.zeolite.blob;

import io.zeolite.client.blob.OpenBlob;
import io.zeolite.error.PosKeyException;
import java.io.IOException;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;

/** Where blobs are that the blob directory does not have (any more). Any thread. */
public interface ColdBlobs extends AutoCloseable {
    /**
     * Opens a blob. The call may wait for the disk of this machine; what is farther away is waited for on other threads.
     *
     * @param missing what the client is told if it is not there either
     * @return completed on any thread with a source, which the caller closes, or with a {@link
     *     io.zeolite.error.ZeoException}
     */
    CompletableFuture<OpenBlob> open(long oid, long tid, PosKeyException missing);

    /** Hears that a pack has replaced the data file: of what it tells now that it is {@link #removed}, a file of before may have need. */
    default void packed() throws IOException {}

    /**
     * Hears that no transaction refers to a revision any more, whether it is there or not. On disk after {@link
     * #forceRemoved}.
     *
     * @param since when that began
     * @throws IOException if that cannot be noted; it is told again then
     */
    default void removed(long oid, long tid, Instant since) throws IOException {}

    /** Waits until what was noted of {@link #removed} revisions is on disk. */
    default void forceRemoved() throws IOException {}

    /** Lets go of everything. What is being read goes on or fails. */
    @Override
    void close();
}
