package io.zeolite.storage;

import java.io.IOException;
import java.util.List;

/** What tests do with a log, in one line each. */
public final class Logs {
    public static final TransactionMetadata NO_METADATA =
            new TransactionMetadata(new byte[0], new byte[0], new byte[0]);

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
        log.append(batch, () -> {}).forEach(TransactionLog.Publication::publish);
    }

    /** The revision before a tid as text: data, serial and end; or the name of the other outcome. */
    public static String load(TransactionLog log, long oid, long before) throws IOException {
        LoadResult result = log.loadBefore(oid, before);
        if (result instanceof LoadResult.Loaded loaded) {
            return new String(loaded.data(), java.nio.charset.StandardCharsets.ISO_8859_1) + " "
                    + Long.toHexString(loaded.serial()) + "-"
                    + (loaded.isCurrent() ? "" : Long.toHexString(loaded.end()));
        }
        return result.getClass().getSimpleName();
    }
}
