package io.zeolite.blob.tier;

import io.zeolite.blob.BlobRevision;
import io.zeolite.blob.BlobStore;
import io.zeolite.blob.KeyLayout;
import io.zeolite.blob.StoreException;
import io.zeolite.blob.StoreException.Reason;
import io.zeolite.blob.StoredContent;
import io.zeolite.blob.StoredObject;
import io.zeolite.blob.directory.BlobDirectory;
import io.zeolite.zodb.TimeStamp;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Consumer;
import java.util.zip.CRC32C;

/**
 * Copies blobs from the blob directory to a store, and lets go of the local files if that is wanted. It may run beside a
 * server that has the same store behind the same directory, in another process: whoever opens a blob gets it from the one
 * place or the other.
 *
 * <p>Crash-safe, since a blob passes these steps and each is found done by the next run:
 *
 * <ol>
 *   <li>It is written to the store, unless an object of its size is there.
 *   <li>The object is read back and compared with the file, byte by byte. One that differs is written again, once.
 *   <li>Only then the file is removed, or renamed to end in {@code .bak}.
 * </ol>
 */
public final class Archiver {
    private static final int BUFFER_BYTES = 128 << 10;
    private static final String CONTENT_TYPE = "application/octet-stream";

    /** What becomes of a file whose copy is proven. */
    public enum Afterwards {
        KEEP,
        REMOVE,
        /** Renamed, for the operator to remove; nobody finds it any more. */
        BACK_UP
    }

    /**
     * Which blobs.
     *
     * @param before those of transactions before this time
     * @param largerThanBytes those that have more bytes
     * @param limit no more than so many
     */
    public record Selection(Instant before, long largerThanBytes, long limit) {}

    /** A blob that may be moved. */
    public record Candidate(BlobRevision revision, Path file, long size) {}

    /** What has become of one blob. */
    public sealed interface Step {
        Candidate blob();

        /** @param written whether it was written now, or was in the store before */
        record Proven(Candidate blob, boolean written) implements Step {}

        /** Its file is as it was. */
        record Failed(Candidate blob, IOException failure) implements Step {}

        /** Somebody else has removed the file: a pack, or another run. */
        record Gone(Candidate blob) implements Step {}
    }

    private final BlobDirectory directory;
    private final BlobStore store;
    private final KeyLayout layout;
    private final TierSettings settings;
    private final Breaker breaker;
    private final ByteBuffer ofStore = ByteBuffer.allocate(BUFFER_BYTES);
    private final ByteBuffer ofFile = ByteBuffer.allocate(BUFFER_BYTES);

    /** One thread at a time. */
    public Archiver(BlobDirectory directory, BlobStore store, KeyLayout layout, TierSettings settings) {
        this.directory = directory;
        this.store = store;
        this.layout = layout;
        this.settings = settings;
        this.breaker =
                new Breaker(store.name(), settings.failuresUntilAway(), settings.longestPause(), System::nanoTime);
    }

    /** The blobs that a selection means, the largest first. Reads the names of all. */
    public List<Candidate> select(Selection selection) throws IOException {
        List<Candidate> found = new ArrayList<>();
        directory.forEachCommitted((revision, file, size) -> {
            if (size > selection.largerThanBytes()
                    && TimeStamp.toInstant(revision.tid()).isBefore(selection.before())) {
                found.add(new Candidate(revision, file, size));
            }
        });
        found.sort(Comparator.comparingLong(Candidate::size).reversed());
        return found.size() <= selection.limit() ? found : found.subList(0, (int) selection.limit());
    }

    /** Does it to some blobs, and tells of each. Stops early if the store is away. */
    public void archive(List<Candidate> blobs, Afterwards afterwards, Consumer<Step> progress) {
        for (Candidate blob : blobs) {
            Step step = archive(blob, afterwards);
            progress.accept(step);
            if (step instanceof Step.Failed && breaker.isAway()) {
                return;
            }
        }
    }

    private Step archive(Candidate blob, Afterwards afterwards) {
        try {
            boolean written = false;
            if (!isThere(blob) || !isProven(blob)) {
                write(blob);
                written = true;
                if (!isProven(blob)) {
                    throw new IOException(store.name() + key(blob) + " was written but reads differently");
                }
            }
            letGo(blob, afterwards);
            return new Step.Proven(blob, written);
        } catch (NoSuchFileException e) {
            return new Step.Gone(blob);
        } catch (IOException e) {
            return new Step.Failed(blob, e);
        }
    }

    private String key(Candidate blob) {
        return layout.key(blob.revision().oid(), blob.revision().tid());
    }

    private Attempts attempts() {
        return new Attempts(settings, breaker);
    }

    private boolean isThere(Candidate blob) throws IOException {
        try {
            StoredObject object = attempts().make(() -> store.stat(key(blob)));
            return object.size() == blob.size();
        } catch (StoreException e) {
            if (e.reason() == Reason.NOT_FOUND) {
                return false;
            }
            throw e;
        }
    }

    private void write(Candidate blob) throws IOException {
        int crc32c = checksum(blob.file());
        Attempts attempts = attempts();
        while (true) {
            try {
                store.put(key(blob), blob.file(), crc32c, CONTENT_TYPE);
                return;
            } catch (StoreException e) {
                attempts.noteFailure(e);
            }
        }
    }

    private int checksum(Path file) throws IOException {
        CRC32C crc = new CRC32C();
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            while (channel.read(ofFile.clear()) >= 0) {
                crc.update(ofFile.flip());
            }
        }
        return (int) crc.getValue();
    }

    private boolean isProven(Candidate blob) throws IOException {
        Attempts attempts = attempts();
        while (true) {
            try (StoredContent content = store.open(key(blob), 0, null);
                    FileChannel file = FileChannel.open(blob.file(), StandardOpenOption.READ)) {
                return content.object().size() == file.size() && isSame(content, file);
            } catch (StoreException e) {
                attempts.noteFailure(e);
            }
        }
    }

    private boolean isSame(StoredContent content, FileChannel file) throws IOException {
        long left = file.size();
        while (left > 0) {
            ofStore.clear().limit((int) Math.min(BUFFER_BYTES, left));
            int count = content.read(ofStore);
            if (count < 0) {
                throw new StoreException(
                        Reason.UNAVAILABLE, store.name() + " broke off " + left + " bytes early", null);
            }
            ofFile.clear().limit(count);
            while (ofFile.hasRemaining() && file.read(ofFile) >= 0) {
                // Until as much is there.
            }
            if (!ofFile.flip().equals(ofStore.flip())) {
                return false;
            }
            left -= count;
        }
        return true;
    }

    private void letGo(Candidate blob, Afterwards afterwards) throws IOException {
        switch (afterwards) {
            case KEEP -> {}
            case REMOVE ->
                directory.remove(blob.revision().oid(), blob.revision().tid());
            case BACK_UP ->
                directory.backUp(blob.revision().oid(), blob.revision().tid());
        }
    }
}
