package io.zeolite.blob.tier;

import io.zeolite.blob.BlobStore;
import io.zeolite.blob.StoreException;
import io.zeolite.blob.StoreException.Reason;
import io.zeolite.blob.StoredContent;
import io.zeolite.blob.StoredObject;
import io.zeolite.blob.Throttle;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A store that one database writes to. The object {@code .zeolite-owner} says which one; whoever else wants to write or
 * delete there is refused. Reading is for everybody. An empty prefix belongs to the first who writes; one in which there is
 * something without an owner, from another program, one of another owner, and one that was this database's and has lost its
 * marker, have to be taken over by an option. Any thread.
 */
public final class OwnedStore implements BlobStore {
    /** Its name, below the prefix. */
    public static final String MARKER = ".zeolite-owner";

    /** What {@code bucket-takeover} says of a prefix with objects and without an owner. */
    public static final String UNOWNED = "unowned";

    private static final Logger LOG = LoggerFactory.getLogger(OwnedStore.class);

    private static final Pattern ID = Pattern.compile("id: ([0-9a-f-]{36})");
    private static final int MOST_BYTES = 4096;
    private static final String TYPE = "text/plain";

    /** For so long what was found out is believed when something is written. Before anything is deleted it is found out anew. */
    private static final long BELIEVED_NANOS = Duration.ofMinutes(10).toNanos();

    private final BlobStore store;
    private final Path blobDirectory;
    private final Claims claims;
    private final String takeover;

    /** When this database was found to be the owner; null if it is not known to be. */
    private volatile @Nullable Long ownerSinceNanos;

    /**
     * Sends no request yet. Takes over the store, and closes it.
     *
     * @param blobDirectory of the database; its identity is created there when it is first needed
     * @param takeover the id of the owner to be superseded, or {@link #UNOWNED}; null for none. What was done once is done again only
     *     if it was none in between
     */
    public OwnedStore(BlobStore store, Path blobDirectory, @Nullable String takeover) {
        this.store = store;
        this.blobDirectory = blobDirectory;
        this.claims = new Claims(blobDirectory);
        this.takeover = Objects.requireNonNullElse(takeover, Claims.NONE);
    }

    /**
     * Makes sure that this database may write.
     *
     * @throws StoreException {@link Reason#REFUSED} if it may not; the message says who owns the prefix, and what can be done
     */
    public void claim() throws StoreException, IOException {
        Long since = ownerSinceNanos;
        if (since == null || System.nanoTime() - since >= BELIEVED_NANOS) {
            claimAnew();
        }
    }

    private void claimAnew() throws StoreException, IOException {
        // Several threads may do so at the same time, and find the same: no lock is held while the store is asked.
        ownerSinceNanos = null;
        String id = DatabaseIdentity.of(blobDirectory);
        String marker = marker();
        String done = takeoverDone();
        boolean claimedBefore = done != null;
        String due = takeover.equals(done) ? Claims.NONE : takeover;
        if (marker == null) {
            if (UNOWNED.equals(due) || (!claimedBefore && store.isEmpty(""))) {
                marker = write(id);
            } else {
                // Objects that have an owner come after its marker: one who was faster has written both since the first
                // look.
                marker = marker();
            }
            if (marker == null && claimedBefore) {
                throw refusal("it was this database's, and " + MARKER + " is gone: a disk is not mounted, it is another"
                        + " one, or it was emptied; nothing is written there by " + id
                        + ". If it is the right one, " + advice(UNOWNED, done));
            }
            if (marker == null) {
                throw refusal("it has objects, and no owner; nothing is written there by " + id
                        + ". If no other database writes there, " + advice(UNOWNED, done));
            }
        } else if (!id.equals(id(marker)) && id(marker).equals(due)) {
            LOG.warn("{} is taken over from {}", name(), describe(marker));
            store.delete(MARKER);
            marker = write(id);
        }
        if (!id.equals(id(marker))) {
            throw refusal("it belongs to another database, " + describe(marker) + "; nothing is written there by " + id
                    + ". If that one is no more, " + advice(id(marker), done));
        }
        if (!takeover.equals(done)) {
            note(takeover);
        }
        ownerSinceNanos = System.nanoTime();
    }

    /** The places that this database has written to, if it has not written to this one yet; else none. Sends no request. */
    Set<String> placesBefore() throws IOException {
        Set<String> places = claims.places();
        return places.contains(store.place()) ? Set.of() : places;
    }

    /** As {@link Claims#takeover}; forgets one that is not wanted any more. */
    private @Nullable String takeoverDone() throws IOException {
        String done = claims.takeover(store.place());
        if (done == null || done.equals(Claims.NONE) || done.equals(takeover)) {
            return done;
        }
        note(Claims.NONE);
        return Claims.NONE;
    }

    /** Failing does no harm to what is there, and if the disk is full, blobs have to go to the store all the more. */
    private void note(String takenOver) {
        try {
            claims.note(store.place(), takenOver);
        } catch (IOException e) {
            LOG.warn("{}: that it is this database's cannot be noted in {}: {}", name(), claims.file(), e.toString());
        }
    }

    private static String advice(String value, @Nullable String done) {
        return value.equals(done)
                ? "take it over again: bucket-takeover " + value
                        + " was done before, so start once without it, and then with it"
                : "take it over: bucket-takeover " + value;
    }

    private StoreException refusal(String why) {
        return new StoreException(Reason.REFUSED, name() + " cannot be written to: " + why, null);
    }

    private @Nullable String marker() throws StoreException, IOException {
        try (StoredContent content = store.open(MARKER, 0, null)) {
            ByteBuffer all = ByteBuffer.allocate(MOST_BYTES);
            while (all.hasRemaining() && content.read(all) >= 0) {
                // Until the end.
            }
            return new String(all.array(), 0, all.position(), StandardCharsets.UTF_8);
        } catch (StoreException e) {
            if (e.reason() == Reason.NOT_FOUND) {
                return null;
            }
            throw e;
        }
    }

    private String id(String marker) throws StoreException {
        Matcher matcher = ID.matcher(marker);
        if (!matcher.find()) {
            throw refusal("the object " + MARKER + " is none of Zeolite's (expected: a line with 'id: ')");
        }
        return matcher.group(1);
    }

    private static String describe(String marker) {
        return marker.strip().replace("\n", ", ");
    }

    /** @return what is there now, of this database or of one that was faster */
    private String write(String id) throws StoreException, IOException {
        store.putIfAbsent(MARKER, content(id).getBytes(StandardCharsets.UTF_8), TYPE);
        String written = marker();
        if (written == null) {
            throw new StoreException(Reason.UNAVAILABLE, name() + MARKER + " was written and is not there", null);
        }
        LOG.info("{} belongs to {}", name(), describe(written));
        return written;
    }

    private String content(String id) {
        String host;
        try {
            host = InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            host = "unknown";
        }
        return "id: " + id + "\ndirectory: " + blobDirectory + "\nhost: " + host + "\nsince: " + Instant.now() + "\n";
    }

    /**
     * What the store can do, found out with three requests, by way of the owner's marker; to be called by the owner.
     *
     * @return what it lacks, in words; empty if it can do everything
     */
    public List<String> lacks() throws StoreException, IOException {
        return new StoreProbe(store, MARKER, TYPE).lacks();
    }

    private void claimOrFail(boolean anew) throws StoreException {
        try {
            if (anew) {
                claimAnew();
            } else {
                claim();
            }
        } catch (StoreException e) {
            throw e;
        } catch (IOException e) {
            throw new StoreException(
                    Reason.REFUSED, name() + " cannot be written to: the identity of this database: " + e, e);
        }
    }

    @Override
    public String name() {
        return store.name();
    }

    @Override
    public String place() {
        return store.place();
    }

    @Override
    public StoredObject stat(String key) throws StoreException {
        return store.stat(key);
    }

    @Override
    public StoredObject attest(String key) throws StoreException {
        return store.attest(key);
    }

    @Override
    public StoredContent open(String key, long offset, @Nullable String version) throws StoreException {
        return store.open(key, offset, version);
    }

    @Override
    public StoredObject put(String key, Path file, int crc32c, String contentType) throws StoreException, IOException {
        claimOrFail(false);
        return store.put(key, file, crc32c, contentType);
    }

    @Override
    public void paceParts(Throttle throttle) {
        store.paceParts(throttle);
    }

    @Override
    public boolean isWrittenInParts(long size) {
        return store.isWrittenInParts(size);
    }

    @Override
    public StoredObject putInParts(String key, Path file, int crc32c, String contentType)
            throws StoreException, IOException {
        claimOrFail(false);
        return store.putInParts(key, file, crc32c, contentType);
    }

    @Override
    public boolean putIfAbsent(String key, byte[] content, String contentType) throws StoreException {
        claimOrFail(false);
        return store.putIfAbsent(key, content, contentType);
    }

    @Override
    public boolean mayWrite() throws StoreException {
        return store.mayWrite();
    }

    @Override
    public void delete(String key) throws StoreException {
        claimOrFail(true);
        store.delete(key);
    }

    @Override
    public Map<String, StoreException> deleteAll(List<String> keys) throws StoreException {
        claimOrFail(true);
        return store.deleteAll(keys);
    }

    @Override
    public int abortStaleUploads(Instant before) throws StoreException {
        claimOrFail(true);
        return store.abortStaleUploads(before);
    }

    @Override
    public boolean isEmpty(String start) throws StoreException {
        return store.isEmpty(start);
    }

    /** Of everything but the marker. */
    @Override
    public Optional<String> listPage(String start, @Nullable String after, Consumer<StoredObject> each)
            throws StoreException {
        return store.listPage(start, after, object -> {
            if (!object.key().equals(MARKER)) {
                each.accept(object);
            }
        });
    }

    @Override
    public void close() {
        store.close();
    }
}
