package io.zeolite.blob.tier;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.zeolite.blob.BlobStore;
import io.zeolite.blob.StoreException;
import io.zeolite.blob.StoreException.Reason;
import io.zeolite.blob.StoredContent;
import io.zeolite.blob.StoredObject;
import io.zeolite.blob.file.DirectoryStore;
import io.zeolite.blob.tier.Deposits.Deposit;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** With a store whose checksums are what a test wants; its objects are real. */
final class DepositsTest {
    private static final long LARGEST_IN_ONE = 200_000;

    private static final TierSettings SETTINGS =
            new TierSettings(1, 1, Duration.ofMillis(1), Duration.ofMillis(1), 1000);

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it.
    private Path home;

    @SuppressWarnings("NullAway.Init")
    private Path file;

    @BeforeEach
    void write() throws IOException {
        byte[] bytes = new byte[300_000];
        new Random(1).nextBytes(bytes);
        file = Files.write(home.resolve("file"), bytes);
        Files.createDirectories(home.resolve("store"));
    }

    private Path object(String key) {
        return home.resolve("store").resolve(key);
    }

    /** What stores do about checksums. */
    private enum Kind {
        VERIFIES,
        VERIFIES_SINGLE_ONES,
        REPEATS,
        GIVES_NONE
    }

    private record Labelled(StoredContent content, int crc32c) implements StoredContent {
        @Override
        public StoredObject object() {
            StoredObject object = content.object();
            return new StoredObject(object.key(), object.size(), object.version(), object.lastModified(), crc32c);
        }

        @Override
        public int read(ByteBuffer buffer) throws IOException {
            return content.read(buffer);
        }

        @Override
        public void close() {
            content.close();
        }
    }

    private final class Checksumming implements BlobStore {
        private final BlobStore store = new DirectoryStore(home.resolve("store"));
        private final Kind kind;
        private final Map<String, Integer> given = new HashMap<>();
        private int opened;
        private boolean truncates;
        /** Given with every object that is read; null for none. */
        private @Nullable Integer checksumOfReads;

        /** With every object; null for none. */
        private @Nullable Integer noted;

        Checksumming(Kind kind) {
            this.kind = kind;
        }

        @Override
        public String name() {
            return "checksumming:";
        }

        @Override
        public StoredObject stat(String key) throws StoreException {
            StoredObject found = store.stat(key);
            return new StoredObject(key, found.size(), found.version(), found.lastModified(), noted);
        }

        @Override
        public StoredObject attest(String key) throws StoreException {
            StoredObject found = store.stat(key);
            Integer checksum = kind == Kind.GIVES_NONE ? null : given.get(key);
            return new StoredObject(key, found.size(), found.version(), found.lastModified(), checksum);
        }

        @Override
        public StoredContent open(String key, long offset, @Nullable String version) throws StoreException {
            opened++;
            StoredContent content = store.open(key, offset, version);
            return checksumOfReads == null ? content : new Labelled(content, checksumOfReads);
        }

        @Override
        public StoredObject put(String key, Path source, int crc32c, String contentType)
                throws StoreException, IOException {
            boolean verifies = kind == Kind.VERIFIES || kind == Kind.VERIFIES_SINGLE_ONES;
            if (verifies && FileChecksum.crc32c(source) != crc32c) {
                throw new StoreException(Reason.REFUSED, "BadDigest", null);
            }
            given.put(key, crc32c);
            StoredObject written = store.put(key, source, crc32c, contentType);
            if (truncates) {
                byte[] bytes = Files.readAllBytes(object(key));
                bytes[bytes.length - 1]++;
                Files.write(object(key), bytes);
            }
            return written;
        }

        @Override
        public boolean putIfAbsent(String key, byte[] content, String contentType) throws StoreException {
            return store.putIfAbsent(key, content, contentType);
        }

        @Override
        public boolean mayWrite() throws StoreException {
            return store.mayWrite();
        }

        @Override
        public boolean isEmpty(String start) throws StoreException {
            return store.isEmpty(start);
        }

        @Override
        public boolean isWrittenInParts(long size) {
            return size > LARGEST_IN_ONE;
        }

        @Override
        public StoredObject putInParts(String key, Path source, int crc32c, String contentType)
                throws StoreException, IOException {
            if (kind == Kind.VERIFIES) {
                return put(key, source, crc32c, contentType);
            }
            given.put(key, crc32c);
            return store.put(key, source, crc32c, contentType);
        }

        @Override
        public void delete(String key) throws StoreException {
            store.delete(key);
        }

        @Override
        public Optional<String> listPage(String start, @Nullable String after, Consumer<StoredObject> each)
                throws StoreException {
            return store.listPage(start, after, each);
        }

        @Override
        public void close() {
            store.close();
        }
    }

    private static Deposits deposits(BlobStore store) {
        return new Deposits(new RetryingStore(store, SETTINGS));
    }

    @Test
    void put_storeThatVerifiesChecksums_isProvenWithoutReading() throws IOException {
        Checksumming store = new Checksumming(Kind.VERIFIES);
        Deposits deposits = deposits(store);
        assertThat(deposits.put("a.blob", file)).isEqualTo(new Deposit(true, false));
        assertThat(deposits.put("a.blob", file)).isEqualTo(new Deposit(false, false));
        assertThat(store.opened).isZero();
        assertThat(object("a.blob")).hasSameBinaryContentAs(file);
        assertThat(object(ChecksumTrust.PROBE_KEY)).doesNotExist();
    }

    @Test
    void put_storeThatRepeatsAnyChecksum_isReadBack() throws IOException {
        Checksumming store = new Checksumming(Kind.REPEATS);
        assertThat(deposits(store).put("a.blob", file)).isEqualTo(new Deposit(true, true));
        assertThat(store.opened).isEqualTo(1);
        store.truncates = true;
        assertThatThrownBy(() -> deposits(store).put("b.blob", file))
                .hasMessage("checksumming:b.blob was written but is another object");
    }

    @Test
    void put_storeWithoutChecksums_isReadBackWithoutTryingThem() throws IOException {
        Checksumming store = new Checksumming(Kind.GIVES_NONE);
        assertThat(deposits(store).put("a.blob", file)).isEqualTo(new Deposit(true, true));
        assertThat(store.given).containsOnlyKeys("a.blob");
    }

    @Test
    void put_objectWhoseReadersAreToldAWrongChecksum_isNotProven() throws IOException {
        Checksumming store = new Checksumming(Kind.GIVES_NONE);
        store.checksumOfReads = FileChecksum.crc32c(file);
        assertThat(deposits(store).put("a.blob", file)).isEqualTo(new Deposit(true, true));
        store.checksumOfReads = 0x1234;
        assertThatThrownBy(() -> deposits(store).put("a.blob", file)).hasMessageContaining("with a wrong checksum");
    }

    @Test
    void put_storeThatRepeatsTheChecksumOfParts_readsBackWhatIsInParts() throws IOException {
        Checksumming store = new Checksumming(Kind.VERIFIES_SINGLE_ONES);
        Deposits deposits = deposits(store);
        assertThat(deposits.put("large.blob", file)).isEqualTo(new Deposit(true, true));
        Path small = Files.write(home.resolve("small"), new byte[1000]);
        assertThat(deposits.put("small.blob", small)).isEqualTo(new Deposit(true, false));
        assertThat(object(ChecksumTrust.PROBE_KEY)).doesNotExist();
    }

    @Test
    void put_wholeFileOverAnObjectWithoutAChecksum_writesItAnew() throws IOException {
        Checksumming store = new Checksumming(Kind.VERIFIES);
        deposits(store).put("a.blob", Files.write(home.resolve("other"), new byte[300_000]));
        assertThat(deposits(store).put("a.blob", file, "a file", true)).isEqualTo(new Deposit(true, false));
        assertThat(object("a.blob")).hasSameBinaryContentAs(file);
    }

    @Test
    void put_overADamagedObject_writesItAnew() throws IOException {
        Checksumming store = new Checksumming(Kind.VERIFIES);
        Path other = Files.write(home.resolve("other"), new byte[300_000]);
        deposits(store).put("a.blob", other);
        assertThatThrownBy(() -> deposits(store).put("a.blob", file)).isInstanceOf(WholeObjectException.class);
        assertThat(object("a.blob")).hasSameBinaryContentAs(other);
        store.noted = FileChecksum.crc32c(other);
        assertThatThrownBy(() -> deposits(store).put("a.blob", file, "a file", true))
                .isInstanceOf(WholeObjectException.class);
        store.noted = 0x1234;
        assertThat(deposits(store).put("a.blob", file)).isEqualTo(new Deposit(true, false));
        assertThat(object("a.blob")).hasSameBinaryContentAs(file);
    }
}
