package io.zeolite.tool.dump;

import io.zeolite.pickle.ExtensionPickle;
import io.zeolite.pickle.PickleException;
import io.zeolite.pickle.PyDict;
import io.zeolite.storage.file.FileIterator;
import io.zeolite.storage.file.FileRecord;
import io.zeolite.storage.file.FileTransaction;
import io.zeolite.tool.Texts;
import io.zeolite.tool.file.Selection;
import io.zeolite.tool.file.Walk;
import io.zeolite.zodb.Oid;
import io.zeolite.zodb.Tid;
import java.io.IOException;
import java.io.PrintStream;
import org.jspecify.annotations.Nullable;

/** One line for each transaction, and if wanted an indented one for each of its records. */
final class TextListing implements Listing {
    private final PrintStream out;
    private final @Nullable Selection records;
    private long damages;

    /** @param records which records to show; null for none */
    TextListing(PrintStream out, @Nullable Selection records) {
        this.out = out;
        this.records = records;
    }

    @Override
    public void transaction(FileIterator file, FileTransaction transaction) throws IOException {
        out.println("transaction " + Tid.toHex(transaction.tid()) + " " + Texts.time(transaction.tid()) + " offset="
                + transaction.position() + " length=" + transaction.length() + " status="
                + StatusName.of(transaction.status()) + metadata(transaction));
        if (records == null) {
            return;
        }
        try {
            FileIterator.Records all = file.records(transaction);
            for (FileRecord record = all.next(); record != null; record = all.next()) {
                if (records.takes(record)) {
                    show(file, record, transaction);
                }
            }
        } catch (IOException e) {
            damages++;
            out.println("  DAMAGED " + e.getMessage());
        }
    }

    private void show(FileIterator file, FileRecord record, FileTransaction transaction) {
        String what;
        try {
            what = describe(file, record, transaction);
        } catch (IOException e) {
            damages++;
            what = " DAMAGED " + e.getMessage();
        }
        out.println("  object " + Oid.toString(record.oid()) + " offset=" + record.position() + what);
    }

    private static String metadata(FileTransaction transaction) {
        String text = " user=" + Texts.quoted(Texts.utf8(transaction.metadata().user())) + " description="
                + Texts.quoted(Texts.utf8(transaction.metadata().description()));
        byte[] extension = transaction.metadata().extension();
        if (extension.length == 0) {
            return text;
        }
        try {
            StringBuilder items = new StringBuilder();
            for (PyDict.Entry entry : ExtensionPickle.decode(extension).entries()) {
                items.append(' ').append(shown(entry.key())).append('=').append(shown(entry.value()));
            }
            return text + " extension:" + items;
        } catch (PickleException e) {
            return text + " extension: " + extension.length + " bytes (" + e.getMessage() + ")";
        }
    }

    private static String shown(@Nullable Object value) {
        return Texts.quoted(value instanceof byte[] bytes ? Texts.utf8(bytes) : String.valueOf(value));
    }

    private static String describe(FileIterator file, FileRecord record, FileTransaction transaction)
            throws IOException {
        String tid = record.tid() == transaction.tid() ? "" : " tid=" + Tid.toHex(record.tid());
        String previous = record.previous() == 0 ? "" : " previous=" + record.previous();
        if (record.isDeletion()) {
            return tid + previous + " deleted";
        }
        FileRecord target = file.target(record);
        byte[] data = file.data(record);
        String shared = target == null ? "" : " back=" + target.position() + " data-of=" + Tid.toHex(target.tid());
        return tid
                + previous
                + shared
                + (data == null ? " deleted" : " size=" + data.length + " class=" + RecordClass.of(data));
    }

    @Override
    public void damage(Walk.Damage damage) {
        damages++;
        out.println("DAMAGED " + damage.start() + " to " + damage.end() + ": " + damage.message());
    }

    @Override
    public long damages() {
        return damages;
    }

    @Override
    public void close() {
        out.flush();
    }
}
