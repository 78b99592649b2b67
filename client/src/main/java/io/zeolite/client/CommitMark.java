package io.zeolite.client;

import io.zeolite.pickle.PyDict;
import java.security.SecureRandom;
import org.jspecify.annotations.Nullable;

/**
 * What tells a transaction from all others: an entry of its extension that nobody else writes. Two transactions may write
 * the same record over the same revision, as two that count one up do, so a record does not say whose it is.
 */
final class CommitMark {
    /** The storage keeps it with the transaction, and histories and lists of what may be undone show it. */
    static final String KEY = "zeolite_commit";

    private static final String PROCESS = Long.toHexString(new SecureRandom().nextLong());

    private CommitMark() {}

    /** @param id another one for each transaction of this process */
    static String of(long id) {
        return PROCESS + "-" + Long.toHexString(id);
    }

    /** An extension with a mark. */
    static PyDict addTo(PyDict extension, String mark) {
        PyDict marked = new PyDict();
        extension.entries().forEach(entry -> marked.put(entry.key(), entry.value()));
        return marked.put(KEY, mark);
    }

    /** The mark in what a history says of a revision; null if there is none. Of a MappingStorage, it has the extension whole. */
    static @Nullable String in(PyDict revision) {
        Object mark = revision.get(KEY);
        if (mark == null && revision.get("extension") instanceof PyDict extension) {
            mark = extension.get(KEY);
        }
        return mark == null ? null : Wire.text(mark);
    }
}
