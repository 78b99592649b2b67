package io.zeolite.tool.file;

import io.zeolite.pickle.PickleException;
import io.zeolite.pickle.RecordScanner;
import io.zeolite.storage.file.CorruptedDataException;
import io.zeolite.storage.file.FileIterator;
import io.zeolite.storage.file.FileRecord;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** What the records of a file stand for, however many records without data lie between them and it. For one thread. */
public final class Origins {
    private final FileIterator file;
    private final RecordScanner scanner = new RecordScanner((kind, oid) -> {});

    public Origins(FileIterator file) {
        this.file = file;
    }

    /**
     * The record that has the data of a record; null if the object does not exist as of it.
     *
     * @throws CorruptedDataException if a back pointer on the way to it is wrong
     */
    public @Nullable FileRecord of(FileRecord record) throws IOException {
        FileRecord origin = record;
        while (origin != null && !origin.hasData()) {
            origin = file.target(origin);
        }
        return origin;
    }

    /**
     * Whether a record with data is that of a blob.
     *
     * @throws PickleException if it cannot be read, so that nobody knows
     */
    public boolean isBlob(FileRecord origin) throws IOException, PickleException {
        byte[] data = file.data(origin);
        if (data != null) {
            scanner.scanClass(data, 0, data.length);
        }
        return data != null && scanner.isBlob();
    }
}
