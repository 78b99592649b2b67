package io.zeolite.storage;

/** Counts what a list of summaries takes, so that no client asks for an answer that does not fit the memory. Not for threads at a time. */
public final class SummaryLimit {
    /** More than this is not put into one answer. */
    public static final long MAX_BYTES = 64L << 20;

    /** What an entry takes beside its metadata, roughly, here and in the answer. */
    private static final long ENTRY_BYTES = 200;

    private long bytes;

    /** Counts one more. Returns whether it is still within the limit. */
    public boolean admits(TransactionMetadata metadata) {
        bytes += ENTRY_BYTES + metadata.user().length + metadata.description().length + metadata.extension().length;
        return bytes <= MAX_BYTES;
    }
}
