package io.zeolite.storage;

import java.io.IOException;

/** The records of one transaction in the order in which they are to be written. Read by one thread at a time. */
public interface StagedRecords {
    int count();

    long oid(int i);

    /** The length of the record in bytes, at least 1. */
    int length(int i);

    /** Reads a record, from memory or from the file that large transactions spill to. */
    byte[] data(int i) throws IOException;
}
