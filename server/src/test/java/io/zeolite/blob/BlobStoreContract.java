package io.zeolite.blob;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.zeolite.blob.StoreException.Reason;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.CRC32C;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What every {@link BlobStore} does. */
public abstract class BlobStoreContract {
    private static final String TYPE = "application/octet-stream";

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it.
    protected Path directory;

    @SuppressWarnings("NullAway.Init")
    private BlobStore store;

    /** The store under test, empty. */
    protected abstract BlobStore create() throws Exception;

    /** Ends what the store needs: after the store, whose open connections would be waited for. */
    protected void end() throws Exception {}

    @BeforeEach
    void createStore() throws Exception {
        store = create();
    }

    @AfterEach
    void closeStore() throws Exception {
        // There is none if it could not be created.
        if (store != null) {
            store.close();
        }
        end();
    }

    private byte[] put(String key, int size) throws IOException {
        byte[] bytes = new byte[size];
        new Random(size).nextBytes(bytes);
        Path file = Files.write(directory.resolve("upload"), bytes);
        CRC32C crc = new CRC32C();
        crc.update(bytes);
        StoredObject written = store.put(key, file, (int) crc.getValue(), TYPE);
        assertThat(written.size()).isEqualTo(size);
        return bytes;
    }

    private byte[] read(String key, long offset, @Nullable String version) throws IOException {
        try (StoredContent content = store.open(key, offset, version)) {
            ByteBuffer all = ByteBuffer.allocate(1 << 20);
            while (content.read(all) >= 0) {
                assertThat(all.hasRemaining()).isTrue();
            }
            return Arrays.copyOf(all.array(), all.position());
        }
    }

    protected static void assertReason(Reason reason, ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOfSatisfying(StoreException.class, e -> assertThat(e.reason())
                .as(e.getMessage())
                .isEqualTo(reason));
    }

    @Test
    void open_objectThatWasPut_givesItsBytes() throws IOException {
        byte[] bytes = put("000000000000000100000000000000ff.blob", 300_000);
        assertThat(read("000000000000000100000000000000ff.blob", 0, null)).isEqualTo(bytes);
    }

    @Test
    void putInParts_evenASmallObject_isTheSame() throws IOException {
        byte[] bytes = new byte[1000];
        new Random(7).nextBytes(bytes);
        CRC32C crc = new CRC32C();
        crc.update(bytes);
        Path file = Files.write(directory.resolve("upload"), bytes);
        assertThat(store.putInParts("a.blob", file, (int) crc.getValue(), TYPE).size())
                .isEqualTo(1000);
        assertThat(read("a.blob", 0, null)).isEqualTo(bytes);
        assertThat(store.stat("a.blob").size()).isEqualTo(1000);
    }

    @Test
    void open_emptyObject_isEmpty() throws IOException {
        put("empty.blob", 0);
        assertThat(read("empty.blob", 0, null)).isEmpty();
        assertThat(store.stat("empty.blob").size()).isZero();
    }

    @Test
    void open_fromAnOffset_givesTheRestAndTheWholeSize() throws IOException {
        byte[] bytes = put("a.blob", 100_000);
        String version = store.stat("a.blob").version();
        assertThat(read("a.blob", 99_000, version)).isEqualTo(Arrays.copyOfRange(bytes, 99_000, 100_000));
        try (StoredContent content = store.open("a.blob", 99_000, version)) {
            assertThat(content.object().size()).isEqualTo(100_000);
            assertThat(content.object().version()).isEqualTo(version);
        }
    }

    @Test
    void open_anotherVersion_isRefused() throws IOException {
        put("a.blob", 1000);
        String version = store.stat("a.blob").version();
        put("a.blob", 1001);
        assertReason(Reason.CHANGED, () -> store.open("a.blob", 10, version));
    }

    @Test
    void missingObject_isNotFound() throws IOException {
        put("a.blob", 1);
        assertReason(Reason.NOT_FOUND, () -> store.stat("b.blob"));
        assertReason(Reason.NOT_FOUND, () -> store.open("b.blob", 0, null));
    }

    @Test
    void open_closedBeforeItsEnd_letsGoAtOnce() throws IOException {
        put("a.blob", 1 << 20);
        for (int i = 0; i < 20; i++) {
            try (StoredContent content = store.open("a.blob", 0, null)) {
                assertThat(content.read(ByteBuffer.allocate(100))).isPositive();
            }
        }
    }

    @Test
    void delete_existingOrNot_leavesNothing() throws IOException {
        put("a.blob", 10);
        store.delete("a.blob");
        assertReason(Reason.NOT_FOUND, () -> store.stat("a.blob"));
        store.delete("a.blob");
    }

    @Test
    void put_overAnObject_replacesIt() throws IOException {
        put("a.blob", 10);
        byte[] second = put("a.blob", 20);
        assertThat(read("a.blob", 0, null)).isEqualTo(second);
    }

    @Test
    void put_fileThatIsGone_isNoFailureOfTheStore() throws IOException {
        put("a.blob", 10);
        Path gone = directory.resolve("gone");
        assertThatThrownBy(() -> store.put("a.blob", gone, 0, TYPE)).isInstanceOf(NoSuchFileException.class);
        assertThatThrownBy(() -> store.putInParts("a.blob", gone, 0, TYPE)).isInstanceOf(NoSuchFileException.class);
        assertThat(keys("")).containsExactly("a.blob");
    }

    @Test
    void deleteAll_deletesThoseAndNoOthers() throws IOException {
        for (String key : List.of("a.blob", "b.blob", "c.blob")) {
            put(key, 10);
        }
        assertThat(store.deleteAll(List.of("a.blob", "missing.blob", "c.blob"))).isEmpty();
        assertThat(keys("")).containsExactly("b.blob");
        assertThat(store.deleteAll(List.of())).isEmpty();
    }

    @Test
    void putIfAbsent_second_doesNotChangeTheFirst() throws IOException {
        assertThat(store.putIfAbsent("a.txt", new byte[] {1, 2, 3}, "text/plain"))
                .isTrue();
        assertThat(store.putIfAbsent("a.txt", new byte[] {4}, "text/plain")).isFalse();
        assertThat(read("a.txt", 0, null)).containsExactly(1, 2, 3);
    }

    @Test
    void isEmpty_isAboutWhatStartsWithTheText() throws IOException {
        assertThat(store.isEmpty("")).isTrue();
        put("blobs/1/2.blob", 3);
        assertThat(store.isEmpty("")).isFalse();
        assertThat(store.isEmpty("blobs/1/")).isFalse();
        assertThat(store.isEmpty("other/")).isTrue();
    }

    @Test
    void mayWrite_whoMay_leavesNothing() throws IOException {
        assertThat(store.mayWrite()).isTrue();
        assertThat(store.isEmpty("")).isTrue();
        assertThat(store.abortStaleUploads(Instant.now().plusSeconds(60))).isZero();
    }

    @Test
    void list_givesWhatStartsWithTheText() throws IOException {
        put("blobs/1/2.blob", 3);
        put("blobs/1/3.blob", 4);
        put("blobs/11/3.blob", 5);
        put("other.blob", 6);
        assertThat(keys("blobs/1/")).containsExactlyInAnyOrder("blobs/1/2.blob", "blobs/1/3.blob");
        assertThat(keys("blobs/")).hasSize(3);
        assertThat(keys("")).hasSize(4);
        assertThat(keys("none/")).isEmpty();
    }

    private List<String> keys(String start) throws IOException {
        List<String> keys = new ArrayList<>();
        store.list(start, found -> {
            assertThat(found.size()).isBetween(3L, 10L);
            assertThat(found.lastModified()).isNotNull();
            keys.add(found.key());
        });
        return keys;
    }
}
