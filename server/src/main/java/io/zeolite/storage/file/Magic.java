package io.zeolite.storage.file;

import io.zeolite.disk.DiskFile;
import java.io.IOException;
import java.nio.ByteBuffer;

/** The first bytes of a data file, which say whose it is. The rest of the format is the same. */
enum Magic {
    /** {@code FS30}: of Python 3, and the only one that is written. */
    PYTHON_3,
    /** {@code FS21}: of Python 2, whose strings are bytes. */
    PYTHON_2;

    /** @throws FileStorageFormatException if it is no data file */
    static Magic of(DiskFile file) throws IOException {
        ByteBuffer start = ByteBuffer.allocate(4);
        int length = file.read(start, 0);
        if (length < 4) {
            throw FileStorageFormatException.of(file.path(), length + " bytes and ends there");
        }
        return switch (start.getInt(0)) {
            case FileFormat.MAGIC -> PYTHON_3;
            case FileFormat.PYTHON_2_MAGIC -> PYTHON_2;
            default ->
                throw FileStorageFormatException.of(file.path(), "the bytes " + String.format("%08x", start.getInt(0)));
        };
    }
}
