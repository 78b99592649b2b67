package io.zeolite.storage.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.zeolite.disk.FaultyDisk;
import io.zeolite.error.PosKeyException;
import io.zeolite.storage.Invalidations;
import io.zeolite.storage.LoadResult;
import io.zeolite.storage.Logs;
import io.zeolite.zodb.Tid;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Reading files that are damaged where opening them does not show it. */
final class DamageTest {
    private static final int OBJECTS = 5;

    private final FaultyDisk disk = new FaultyDisk();
    private final DataFile file = new DataFile();

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it.
    private Path directory;

    @SuppressWarnings("NullAway.Init") // Set before each test.
    private Path path;

    @BeforeEach
    void makeFile() throws IOException {
        path = directory.resolve("Data.fs");
        long first = 0;
        for (int i = 1; i <= 6; i++) {
            DataFile.Transaction transaction = file.transaction(0x10L * i);
            for (int oid = 1; oid <= OBJECTS; oid++) {
                transaction.store(oid, "revision " + i + " of object " + oid);
            }
            transaction.finish();
            first = first == 0 ? file.position(3) : first;
        }
        file.transaction(0x70).back(3, first).finish();
        file.transaction(0x80).back(3, file.position(3)).store(4, "newest").finish();
        file.writeTo(path);
    }

    private FileLog open() throws IOException {
        return FileLog.open(disk, path, FileLogOptions.READ_ONLY);
    }

    @Test
    void pointersThatLeadForward_areErrorsAndNoLoops() throws IOException {
        long record = file.position(3);
        long older = 4 + 23;
        for (long target : new long[] {record, record + 1, Long.MAX_VALUE, -1, 1, 26, older}) {
            byte[] bytes = file.bytes();
            ByteBuffer.wrap(bytes).putLong((int) record + 42, target).putLong((int) record + 16, target);
            Files.write(path, bytes);
            try (FileLog log = open()) {
                assertThatThrownBy(() -> log.loadBefore(3, Tid.MAX))
                        .isInstanceOf(CorruptedDataException.class)
                        .hasMessageContaining("Data.fs")
                        .hasMessageContaining("0x03")
                        .hasMessageContaining("expected");
                assertThatThrownBy(() -> log.loadBefore(3, 0x15)).isInstanceOf(CorruptedDataException.class);
                assertThat(log.getTid(4)).isEqualTo(0x80);
            }
        }
    }

    @Test
    void fileCutOffWhileOpen_isAnError() throws IOException {
        try (FileLog log = open()) {
            Files.write(path, Arrays.copyOf(file.bytes(), 300));
            assertThatThrownBy(() -> log.loadBefore(4, Tid.MAX)).isInstanceOf(IOException.class);
            assertThatThrownBy(() -> log.lastInvalidations(3)).isInstanceOf(IOException.class);
        }
    }

    @Test
    void byteChanged_currentDataIsRightOrAnErrorComes() throws IOException {
        changeBytes(new Random().nextLong());
    }

    /** One whose change of a length makes a record cover the one behind it. */
    @Test
    void byteChanged_recordCoversTheNext_isNotToBeNoticed() throws IOException {
        changeBytes(7064353294356671194L);
    }

    /** One whose change of a length makes a pointer to data the data itself. */
    @Test
    void byteChanged_pointerBecomesData_isNotToBeNoticed() throws IOException {
        changeBytes(-2143136007735704785L);
    }

    /** One whose change of a pointer to data makes it that of an object which is not there any more. */
    @Test
    void byteChanged_pointerBecomesNone_isNotToBeNoticed() throws IOException {
        changeBytes(-3956678444331181164L);
    }

    private void changeBytes(long seed) throws IOException {
        byte[][] right = new byte[OBJECTS + 1][];
        try (FileLog log = open()) {
            for (int oid = 1; oid <= OBJECTS; oid++) {
                right[oid] = ((LoadResult.Loaded) log.loadBefore(oid, Tid.MAX)).data();
            }
        }
        Random random = new Random(seed);
        byte[] whole = file.bytes();
        for (int offset = 4; offset < whole.length; offset += 1 + random.nextInt(3)) {
            byte[] bytes = whole.clone();
            bytes[offset] ^= (byte) (1 + random.nextInt(255));
            Files.write(path, bytes);
            try (FileLog log = open()) {
                for (int oid = 1; oid <= OBJECTS; oid++) {
                    assertRightOrError(log, oid, right[oid], isUnprotected(bytes, offset));
                }
                List<Invalidations> all = log.lastInvalidations(100);
                assertThat(all).hasSizeLessThanOrEqualTo(8);
            } catch (CorruptedFileException e) {
                assertThat(e).hasMessageContaining("Data.fs");
            } catch (IOException | RuntimeException | AssertionError e) {
                throw new AssertionError("seed " + seed + ", offset " + offset, e);
            }
        }
    }

    /**
     * There is no checksum: a byte of the data itself, of an oid, a tid, a status, or of the length of the metadata, which
     * can come to cover a record, can change unnoticed. So can the length of the data, if it comes to cover all of the
     * records behind it, or some, or the pointer that stands in the place of data; and such a pointer can become 0.
     */
    private void assertRightOrError(FileLog log, long oid, byte[] right, boolean isUnprotected) throws IOException {
        byte[] data;
        try {
            LoadResult result = Logs.loadBefore(log, oid, Tid.MAX);
            data = result instanceof LoadResult.Loaded loaded ? loaded.data() : new byte[0];
            log.loadSerial(oid, 0x20);
            Logs.loadBefore(log, oid, 0x45);
        } catch (CorruptedDataException e) {
            assertThat(e.oid()).isEqualTo(oid);
            return;
        } catch (PosKeyException e) {
            return;
        }
        if (log.lastTransaction() == 0x80 && !isUnprotected) {
            assertThat(data).isEqualTo(right);
        }
    }

    private boolean isUnprotected(byte[] changed, int offset) {
        byte[] whole = file.bytes();
        long position = 4;
        while (position < whole.length) {
            long length = ByteBuffer.wrap(whole).getLong((int) position + 8);
            long record = position + 23;
            if (offset >= position && offset < record) {
                return offset < position + 8 || offset >= position + 16;
            }
            while (record < position + length) {
                long dataLength = dataLength(whole, record);
                long end = record + 42 + (dataLength == 0 ? 8 : dataLength);
                if (offset >= record && offset < end) {
                    boolean back = dataLength == 0;
                    return offset < record + 24
                            || (offset >= record + 42 && !back)
                            || (back && isOtherwiseValid(changed, record))
                            || endsWithARecord(changed, record, end, position + length);
                }
                record = end;
            }
            position += length + 8;
        }
        return false;
    }

    /** Whether the length of the data in a record is such now that it ends where a later one of the transaction does. */
    private boolean endsWithARecord(byte[] changed, long record, long end, long transactionEnd) {
        byte[] whole = file.bytes();
        long covered = record + 42 + dataLength(changed, record);
        long at = end;
        while (at < transactionEnd && at < covered) {
            long dataLength = dataLength(whole, at);
            at += 42 + (dataLength == 0 ? 8 : dataLength);
        }
        return at > end && at == covered;
    }

    /** Whether a record with a pointer has become one with the pointer as its data, or one of an object without data. */
    private static boolean isOtherwiseValid(byte[] changed, long record) {
        return dataLength(changed, record) == 8 || ByteBuffer.wrap(changed).getLong((int) record + 42) == 0;
    }

    private static long dataLength(byte[] bytes, long record) {
        return ByteBuffer.wrap(bytes).getLong((int) record + 34);
    }
}
