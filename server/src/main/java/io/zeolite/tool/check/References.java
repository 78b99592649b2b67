package io.zeolite.tool.check;

import io.zeolite.disk.UnreadableException;
import io.zeolite.pickle.PickleException;
import io.zeolite.pickle.RecordScanner;
import io.zeolite.pickle.ReferenceKind;
import io.zeolite.storage.file.CorruptedDataException;
import io.zeolite.storage.file.CorruptedFileException;
import io.zeolite.storage.file.FileIterator;
import io.zeolite.storage.file.FileRecord;
import io.zeolite.storage.file.FileTransaction;
import io.zeolite.tool.file.Walk;
import io.zeolite.zodb.Oid;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The second walk: what the objects refer to as they are now. */
final class References implements Walk.Visitor {
    private final FileIterator file;
    private final Findings findings;
    private final Structure structure;
    private final RecordScanner scanner = new RecordScanner(this::reference);
    private final List<Dangling> dangling = new ArrayList<>();
    private long references;

    /** A reference to nothing. */
    private record Dangling(
            long oid, boolean deleted, @Nullable String className) {}

    References(FileIterator file, Findings findings, Structure structure) {
        this.file = file;
        this.findings = findings;
        this.structure = structure;
    }

    @Override
    public boolean transaction(FileTransaction transaction) throws IOException {
        if (transaction.isUndone()) {
            return true;
        }
        try {
            FileIterator.Records all = file.records(transaction);
            for (FileRecord record = all.next(); record != null; record = all.next()) {
                if (structure.isCurrent(record)) {
                    check(record);
                }
            }
        } catch (CorruptedFileException e) {
            // The first walk has said so.
        }
        return true;
    }

    private void check(FileRecord record) throws IOException {
        try {
            byte[] data = file.data(record);
            if (data == null) {
                return;
            }
            dangling.clear();
            scanner.scan(data, 0, data.length);
            for (Dangling reference : dangling) {
                report(record, reference);
            }
        } catch (CorruptedDataException e) {
            // The first walk has said so.
        } catch (UnreadableException e) {
            findings.add(new Problem(
                    Kind.RECORD, record.position(), record.oid(), record.tid(), String.valueOf(e.getMessage())));
        } catch (PickleException e) {
            findings.add(new Problem(
                    Kind.PICKLE,
                    record.position(),
                    record.oid(),
                    record.tid(),
                    "the pickle of the object cannot be read: " + e.getMessage()));
        }
    }

    private void reference(ReferenceKind kind, long oid) {
        if (kind == ReferenceKind.STRONG) {
            references++;
            Structure.Presence presence = structure.presenceOf(oid);
            if (presence != Structure.Presence.HERE) {
                dangling.add(new Dangling(oid, presence == Structure.Presence.DELETED, scanner.referencedClass()));
            }
        }
    }

    private void report(FileRecord record, Dangling reference) throws IOException {
        String who = scanner.className() == null ? "the object" : "the object, a " + scanner.className() + ",";
        findings.add(new Problem(
                reference.deleted() ? Kind.DELETED_OBJECT : Kind.MISSING_OBJECT,
                record.position(),
                record.oid(),
                record.tid(),
                who + " refers to " + Oid.toString(reference.oid())
                        + (reference.className() == null ? "" : " (a " + reference.className() + ")")
                        + (reference.deleted()
                                ? ", which was deleted or whose creation was undone"
                                : ", which is not there")));
    }

    @Override
    public void damage(Walk.Damage damage) {
        // The first walk has said so.
    }

    long references() {
        return references;
    }
}
