package io.zeolite.storage.file;

import java.nio.file.Path;

/** Something in the file that is not as it must be. */
record Damage(long offset, String what, String found, String expected) {
    static Damage of(long offset, String what, long found, long expected) {
        return new Damage(offset, what, Long.toUnsignedString(found), Long.toUnsignedString(expected));
    }

    CorruptedFileException toException(Path file) {
        return new CorruptedFileException(file, offset, what, found, expected);
    }
}
