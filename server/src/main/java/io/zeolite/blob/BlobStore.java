package io.zeolite.blob;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A place outside of the blob directory where blobs are kept as objects under keys: a bucket, or a directory that plays
 * one. Objects are written once and never changed.
 *
 * <p>Any thread may call it. Every method may wait for the network, as long as its time-outs allow, and tries once:
 * whoever calls decides about trying again, by the {@link StoreException.Reason} of the failure.
 */
public interface BlobStore extends AutoCloseable {
    /** Where this is, for messages: a URL without secrets. */
    String name();

    /** Where this is, in one line that no other place has and that stays the same. */
    default String place() {
        return name();
    }

    /**
     * What is known of an object.
     *
     * @throws StoreException {@link StoreException.Reason#NOT_FOUND} if there is none
     */
    StoredObject stat(String key) throws StoreException;

    /**
     * What the store itself says of the bytes that it holds: like {@link #stat}, but with a checksum only if the store has
     * it of all of them together, never one that it merely repeats from whoever wrote the object, nor one that contradicts
     * what is noted with the object.
     *
     * @throws StoreException {@link StoreException.Reason#NOT_FOUND} if there is none, {@link StoreException.Reason#ARCHIVED} if
     *     it is kept where it cannot be read from before somebody has it restored
     */
    default StoredObject attest(String key) throws StoreException {
        StoredObject found = stat(key);
        return new StoredObject(found.key(), found.size(), found.version(), found.lastModified(), null);
    }

    /**
     * Opens an object for reading.
     *
     * @param offset the first byte that is wanted, less than the size of the object unless it is 0
     * @param version what {@link StoredObject#version} was when an earlier part was read; null to read what is there
     * @throws StoreException {@link StoreException.Reason#NOT_FOUND} if there is none, {@link
     *     StoreException.Reason#CHANGED} if it has another version
     */
    StoredContent open(String key, long offset, @Nullable String version) throws StoreException;

    /**
     * Writes an object. When this returns, the store has taken responsibility for all of it; before, there is either no
     * object or the one of before.
     *
     * @param file its bytes, which do not change meanwhile
     * @param crc32c of all of them
     * @param contentType a media type
     * @return what the store says of it; that it has the right bytes is not proven by this
     * @throws java.nio.file.NoSuchFileException if the file is not there
     */
    StoredObject put(String key, Path file, int crc32c, String contentType) throws StoreException, IOException;

    /** Whether an object of so many bytes is written in parts, of which the store has to make one whole. */
    boolean isWrittenInParts(long size);

    /** Has the parts of objects that are written from now on go no faster than that, one after the other. */
    default void paceParts(Throttle throttle) {}

    /** Writes an object like {@link #put}, in parts even if it is small, where the store can do that: to try it. */
    StoredObject putInParts(String key, Path file, int crc32c, String contentType) throws StoreException, IOException;

    /**
     * Writes a small object unless there is one of its name. That it takes care of two who do so at the same time is not to be
     * relied on: some stores write over what is there.
     *
     * @return whether it says to have written it
     */
    boolean putIfAbsent(String key, byte[] content, String contentType) throws StoreException;

    /** Tries whether the credentials could write there, without writing anything that could be seen. */
    boolean mayWrite() throws StoreException;

    /** Deletes an object. None is as good. */
    void delete(String key) throws StoreException;

    /**
     * Deletes some objects, with as few requests as it can.
     *
     * @return why some of them could not be deleted, by their keys; all others are gone
     * @throws StoreException if the store does not answer, or refuses all of it; some may be gone
     */
    default Map<String, StoreException> deleteAll(List<String> keys) throws StoreException {
        Map<String, StoreException> failures = new LinkedHashMap<>();
        for (String key : keys) {
            try {
                delete(key);
            } catch (StoreException e) {
                if (e.reason() == StoreException.Reason.UNAVAILABLE) {
                    throw e;
                }
                failures.put(key, e);
            }
        }
        return failures;
    }

    /**
     * Lets go of what uploads have left that began before a time and have come to no end.
     *
     * @return how many
     */
    default int abortStaleUploads(Instant before) throws StoreException {
        return 0;
    }

    /** Whether there is no object whose key starts with a text. */
    boolean isEmpty(String start) throws StoreException;

    /** Tells of all objects whose keys start with a text, in no particular order. */
    default void list(String start, Consumer<StoredObject> each) throws StoreException {
        Optional<String> next = listPage(start, null, each);
        while (next.isPresent()) {
            next = listPage(start, next.get(), each);
        }
    }

    /**
     * Tells of some of the objects whose keys start with a text, as many as one request gives: who fails at one of many pages
     * need not begin with the first one again.
     *
     * @param after what the page before returned; null for the first one
     * @return what the next page is asked for by; empty if there is none
     */
    Optional<String> listPage(String start, @Nullable String after, Consumer<StoredObject> each) throws StoreException;

    @Override
    void close();
}
