package io.zeolite.tool.blobs;

import io.zeolite.disk.RealDisk;
import io.zeolite.disk.UnreadableException;
import io.zeolite.pickle.PickleException;
import io.zeolite.pickle.RecordScanner;
import io.zeolite.storage.file.CorruptedDataException;
import io.zeolite.storage.file.CorruptedFileException;
import io.zeolite.storage.file.FileIterator;
import io.zeolite.storage.file.FileRecord;
import io.zeolite.storage.file.FileTransaction;
import io.zeolite.storage.file.Longs;
import io.zeolite.tool.Console;
import io.zeolite.tool.Progress;
import io.zeolite.tool.file.Origins;
import io.zeolite.tool.file.Walk;
import io.zeolite.zodb.Oid;
import io.zeolite.zodb.Tid;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The revisions of blobs that a data file has: every one, those included that are not current any more. */
final class BlobRecords {
    private static final String BLOB_CLASS = "ZODB.blob.Blob";

    private final Path path;
    private final Console console;
    private long newest = Tid.NONE;

    /** Is given the revisions in the order of the file. */
    interface Visitor {
        void blob(long oid, long tid);
    }

    /** Is given what refers to blobs, in the order of the file. */
    interface ReferrerVisitor {
        /** @param className of an object that refers to the blob */
        void referrer(long oid, String className);
    }

    BlobRecords(Path path, Console console) {
        this.path = path;
        this.console = console;
    }

    /**
     * Reads the file to the end of what is committed.
     *
     * @param referrers null if nobody wants to know
     * @return the parts and records that cannot be read, in words: there may be revisions in them that were not given
     */
    List<String> read(Visitor visitor, @Nullable ReferrerVisitor referrers) throws IOException {
        List<String> damages = new ArrayList<>();
        try (FileIterator file = FileIterator.open(new RealDisk(), path);
                Progress progress = new Progress(console, "reading " + path.getFileName(), file.size())) {
            Reader reader = new Reader(file, visitor, referrers, damages);
            Walk.over(file, progress, reader);
            newest = reader.newest;
        }
        return damages;
    }

    /** The latest transaction that was read, with blobs or without. */
    long newest() {
        return newest;
    }

    private static final class Reader implements Walk.Visitor {
        private final FileIterator file;
        private final Visitor visitor;
        private final @Nullable ReferrerVisitor referrers;
        private final List<String> damages;
        private final Origins origins;
        private final Longs referred = new Longs();
        private final RecordScanner scanner;
        private long newest = Tid.NONE;

        Reader(FileIterator file, Visitor visitor, @Nullable ReferrerVisitor referrers, List<String> damages) {
            this.file = file;
            this.visitor = visitor;
            this.referrers = referrers;
            this.damages = damages;
            this.origins = new Origins(file);
            this.scanner = scannerInto(referred);
        }

        private static RecordScanner scannerInto(Longs referred) {
            RecordScanner[] made = new RecordScanner[1];
            made[0] = new RecordScanner((kind, oid) -> {
                if (BLOB_CLASS.equals(made[0].referencedClass())) {
                    referred.add(oid);
                }
            });
            return made[0];
        }

        @Override
        public boolean transaction(FileTransaction transaction) throws IOException {
            if (Tid.isAfter(transaction.tid(), newest)) {
                newest = transaction.tid();
            }
            if (transaction.isUndone()) {
                return true;
            }
            try {
                FileIterator.Records records = file.records(transaction);
                for (FileRecord record = records.next(); record != null; record = records.next()) {
                    look(record);
                }
            } catch (CorruptedFileException e) {
                damages.add(String.valueOf(e.getMessage()));
            }
            return true;
        }

        private void look(FileRecord record) throws IOException {
            try {
                FileRecord origin = origins.of(record);
                if (origin != null && origins.isBlob(origin)) {
                    visitor.blob(record.oid(), record.tid());
                } else if (referrers != null && record.hasData()) {
                    findReferences(record, referrers);
                }
            } catch (CorruptedDataException | UnreadableException e) {
                damages.add(String.valueOf(e.getMessage()));
            } catch (PickleException e) {
                // Damaged, or of a kind that is not known here, as an encrypted one is: it may be that of a blob.
                damages.add(file.path() + ": the record of object " + Oid.toString(record.oid())
                        + " cannot be read, at offset " + record.position() + ": " + e.getMessage());
            }
        }

        private void findReferences(FileRecord record, ReferrerVisitor listener) throws IOException {
            byte[] data = file.data(record);
            try {
                if (data != null) {
                    scanner.scan(data, 0, data.length);
                }
            } catch (PickleException e) {
                // What it refers to before that counts.
            }
            String className = scanner.className();
            while (!referred.isEmpty()) {
                listener.referrer(referred.removeLast(), className == null ? "(without a name)" : className);
            }
        }

        @Override
        public void damage(Walk.Damage damage) {
            damages.add(damage.message());
        }
    }
}
