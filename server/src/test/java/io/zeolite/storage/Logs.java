package io.zeolite.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.zeolite.storage.file.FileLog;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** What tests do with a log, in one line each. */
public final class Logs {
    public static final TransactionMetadata NO_METADATA =
            new TransactionMetadata(new byte[0], new byte[0], new byte[0]);

    private static final TransactionLog.Forcing UNHEARD = new TransactionLog.Forcing() {
        @Override
        public void begin() {}

        @Override
        public void end() {}
    };

    private Logs() {}

    public static LogTransaction transaction(long tid, TestRecords records) {
        return new LogTransaction(tid, NO_METADATA, records);
    }

    public static TransactionMetadata metadata(String user, String description, String extension) {
        return new TransactionMetadata(
                TestRecords.bytes(user), TestRecords.bytes(description), TestRecords.bytes(extension));
    }

    /** Appends and publishes one transaction. */
    public static void commit(TransactionLog log, long tid, TestRecords records) throws IOException {
        commit(log, List.of(transaction(tid, records)));
    }

    public static void commit(TransactionLog log, List<LogTransaction> batch) throws IOException {
        append(log, batch, () -> {}).forEach(TransactionLog.Publication::publish);
    }

    /** Appends transactions; nothing is done while they are forced. */
    public static List<TransactionLog.Publication> append(
            TransactionLog log, List<LogTransaction> batch, TransactionLog.BeforeCommit beforeCommit)
            throws IOException {
        return log.append(batch, beforeCommit, UNHEARD);
    }

    /** What is there of an object before a tid; if the log knows both ways to read it, they have to agree. */
    public static LoadResult loadBefore(TransactionLog log, long oid, long before) throws IOException {
        ReadRecord target = new ReadRecord();
        LoadResult result;
        try {
            result = log.loadBefore(oid, before);
        } catch (IOException | RuntimeException e) {
            assertThatThrownBy(() -> log.loadBefore(oid, before, target))
                    .isInstanceOf(e.getClass())
                    .hasMessage(e.getMessage());
            throw e;
        }
        boolean isFound = log.loadBefore(oid, before, target);
        assertThat(isFound).isEqualTo(log instanceof FileLog && result instanceof LoadResult.Loaded);
        assertThat(target.loaded() != null).isEqualTo(isFound);
        if (target.loaded() != null) {
            assertThat(target.loaded()).usingRecursiveComparison().isEqualTo(result);
        }
        return result;
    }

    /** The revision before a tid as text: data, serial and end; or the name of the other outcome. */
    public static String load(TransactionLog log, long oid, long before) throws IOException {
        LoadResult result = loadBefore(log, oid, before);
        if (result instanceof LoadResult.Loaded loaded) {
            return new String(loaded.data(), StandardCharsets.ISO_8859_1) + " "
                    + Long.toHexString(loaded.serial()) + "-"
                    + (loaded.isCurrent() ? "" : Long.toHexString(loaded.end()));
        }
        return result.getClass().getSimpleName();
    }

    /** What an iterator gives, a line for each transaction: its tid and its records. */
    public static List<String> iterate(TransactionLog log, long start, long stop) throws IOException {
        return iterate(log.iterator(start, stop));
    }

    public static List<String> iterate(TransactionIterator iterator) throws IOException {
        List<String> lines = new ArrayList<>();
        for (TransactionInformation it = iterator.next(); it != null; it = iterator.next()) {
            lines.add(Long.toHexString(it.tid()) + text(iterator.records()));
        }
        return lines;
    }

    /** The records that an iterator gives: oid, data and, after an arrow, the tid that the data comes from. */
    public static String text(RecordIterator records) throws IOException {
        StringBuilder line = new StringBuilder();
        for (RecordInformation record = records.next(); record != null; record = records.next()) {
            byte[] data = record.data();
            line.append(' ').append(record.oid()).append('=');
            line.append(data == null ? "none" : new String(data, StandardCharsets.ISO_8859_1));
            line.append(record.dataTid() == 0 ? "" : "<-" + Long.toHexString(record.dataTid()));
        }
        return line.toString();
    }
}
