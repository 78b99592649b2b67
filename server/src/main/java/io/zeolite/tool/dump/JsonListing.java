package io.zeolite.tool.dump;

import com.fasterxml.jackson.core.JsonGenerator;
import io.zeolite.pickle.ExtensionPickle;
import io.zeolite.pickle.PickleException;
import io.zeolite.storage.file.FileIterator;
import io.zeolite.storage.file.FileRecord;
import io.zeolite.storage.file.FileTransaction;
import io.zeolite.tool.Json;
import io.zeolite.tool.Texts;
import io.zeolite.tool.file.Selection;
import io.zeolite.tool.file.Walk;
import io.zeolite.zodb.Oid;
import io.zeolite.zodb.Tid;
import io.zeolite.zodb.TimeStamp;
import java.io.IOException;
import java.io.PrintStream;
import org.jspecify.annotations.Nullable;

/** A line of JSON for each transaction, its records included if they are wanted, and for each damaged part. */
final class JsonListing implements Listing {
    private final JsonGenerator json;
    private final @Nullable Selection records;
    private long damages;

    /** @param records which records to show; null for none */
    JsonListing(PrintStream out, @Nullable Selection records) throws IOException {
        this.json = Json.lines(out);
        this.records = records;
    }

    @Override
    public void transaction(FileIterator file, FileTransaction transaction) throws IOException {
        json.writeStartObject();
        json.writeStringField("tid", Tid.toHex(transaction.tid()));
        json.writeStringField("time", TimeStamp.toInstant(transaction.tid()).toString());
        json.writeNumberField("offset", transaction.position());
        json.writeNumberField("length", transaction.length());
        json.writeStringField("status", StatusName.of(transaction.status()));
        json.writeStringField("user", Texts.utf8(transaction.metadata().user()));
        json.writeStringField("description", Texts.utf8(transaction.metadata().description()));
        extension(transaction.metadata().extension());
        if (records != null) {
            records(file, transaction, records);
        }
        json.writeEndObject();
    }

    private void extension(byte[] extension) throws IOException {
        if (extension.length > 0) {
            try {
                Object decoded = ExtensionPickle.decode(extension);
                json.writeFieldName("extension");
                Json.write(json, decoded);
            } catch (PickleException e) {
                json.writeStringField("extension_error", e.getMessage());
            }
        }
    }

    private void records(FileIterator file, FileTransaction transaction, Selection wanted) throws IOException {
        String damage = null;
        json.writeArrayFieldStart("records");
        try {
            FileIterator.Records all = file.records(transaction);
            for (FileRecord record = all.next(); record != null; record = all.next()) {
                if (wanted.takes(record)) {
                    String found = write(file, record);
                    damage = found == null ? damage : found;
                }
            }
        } catch (IOException e) {
            damage = e.getMessage();
        }
        json.writeEndArray();
        if (damage != null) {
            damages++;
            json.writeStringField("damage", damage);
        }
    }

    /** Returns what is wrong with where the record points to; null if nothing is. */
    private @Nullable String write(FileIterator file, FileRecord record) throws IOException {
        FileRecord target = null;
        byte[] data = null;
        String damage = null;
        try {
            target = file.target(record);
            data = file.data(record);
        } catch (IOException e) {
            damage = e.getMessage();
        }
        json.writeStartObject();
        json.writeStringField("oid", Oid.toString(record.oid()));
        json.writeStringField("tid", Tid.toHex(record.tid()));
        json.writeNumberField("offset", record.position());
        json.writeNumberField("previous", record.previous());
        if (!record.hasData()) {
            json.writeNumberField("back", record.backPointer());
        }
        if (target != null) {
            json.writeStringField("data_tid", Tid.toHex(target.tid()));
        }
        if (data != null) {
            json.writeNumberField("size", data.length);
            json.writeStringField("class", RecordClass.of(data));
        } else if (damage == null) {
            json.writeBooleanField("deleted", true);
        }
        json.writeEndObject();
        return damage;
    }

    @Override
    public void damage(Walk.Damage damage) throws IOException {
        damages++;
        json.writeStartObject();
        json.writeStringField("damage", damage.message());
        json.writeNumberField("start", damage.start());
        json.writeNumberField("end", damage.end());
        json.writeEndObject();
    }

    @Override
    public long damages() {
        return damages;
    }

    @Override
    public void close() throws IOException {
        json.close();
    }
}
