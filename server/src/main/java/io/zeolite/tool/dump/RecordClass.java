package io.zeolite.tool.dump;

import io.zeolite.pickle.PickleException;
import io.zeolite.pickle.RecordScanner;
import java.util.Objects;

/** The class of a record's object, for people. */
final class RecordClass {
    private RecordClass() {}

    static String of(byte[] data) {
        RecordScanner scanner = new RecordScanner((kind, oid) -> {});
        try {
            scanner.scanClass(data, 0, data.length);
            return Objects.requireNonNullElse(scanner.className(), "(without a name)");
        } catch (PickleException e) {
            return "(unreadable: " + e.getMessage() + ")";
        }
    }
}
