package io.zeolite.tool.remote;

import io.zeolite.zodb.Tid;
import io.zeolite.zodb.TimeStamp;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The figures of a storage that can be too high. */
public enum Figure {
    /** Clients that have asked for the storage. */
    CONNECTIONS("connections", "clients connected"),
    /** Transactions that have begun and not ended. */
    ACTIVE_TXNS("active_txns", "transactions under way"),
    /** Transactions that wait for locks of others. */
    WAITING("waiting", "transactions waiting for locks"),
    /** How long the transaction that holds the locks has held them. */
    LOCK_SECONDS("lock_seconds", "seconds that locks are held"),
    /** How long ago the last transaction was. */
    LAST_TRANSACTION_AGE("last_transaction_age", "seconds since the last transaction");

    private final String label;
    private final String description;

    Figure(String label, String description) {
        this.label = label;
        this.description = description;
    }

    /** Its name in performance data. */
    public String label() {
        return label;
    }

    public String description() {
        return description;
    }

    /** Its value in the status of a storage; null if it has none now. */
    @Nullable
    Double of(Map<?, ?> status, Instant now) {
        return switch (this) {
            case LOCK_SECONDS -> lockSeconds(status, now);
            case LAST_TRANSACTION_AGE -> age(lastTransaction(status), now);
            default -> number(status.get(label));
        };
    }

    private static @Nullable Double lockSeconds(Map<?, ?> status, Instant now) {
        Double since = number(status.get("lock_time"));
        return since == null ? null : (Double) Math.max(0, now.toEpochMilli() / 1e3 - since);
    }

    private static @Nullable Double age(long tid, Instant now) {
        return tid == Tid.NONE
                ? null
                : (Double) (Duration.between(TimeStamp.toInstant(tid), now).toMillis() / 1e3);
    }

    private static @Nullable Double number(@Nullable Object value) {
        return value instanceof Number number ? (Double) number.doubleValue() : null;
    }

    /** {@code Tid.NONE} for an empty storage, or one that does not say. */
    static long lastTransaction(Map<?, ?> status) {
        try {
            return status.get("last-transaction") instanceof String hex ? Long.parseUnsignedLong(hex, 16) : Tid.NONE;
        } catch (NumberFormatException e) {
            return Tid.NONE;
        }
    }
}
