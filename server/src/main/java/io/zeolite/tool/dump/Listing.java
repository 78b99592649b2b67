package io.zeolite.tool.dump;

import io.zeolite.storage.file.FileIterator;
import io.zeolite.storage.file.FileTransaction;
import io.zeolite.tool.file.Walk;
import java.io.Closeable;
import java.io.IOException;

/** Writes down transactions, one after the other. */
interface Listing extends Closeable {
    /** Writes a transaction. The records of the file that it reads for that do not move the walk over its transactions. */
    void transaction(FileIterator file, FileTransaction transaction) throws IOException;

    /** Writes that a part of the file cannot be read. */
    void damage(Walk.Damage damage) throws IOException;

    /** How many places were found that cannot be read, also within transactions. */
    long damages();
}
