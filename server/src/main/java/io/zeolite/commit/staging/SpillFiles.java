package io.zeolite.commit.staging;

import java.io.IOException;
import java.nio.file.Path;

/** Makes the files that the records of large transactions spill to. Called on I/O threads, by several at a time. */
public interface SpillFiles {
    /** A new, empty file; whoever gets it discards it. */
    StagingFile create() throws IOException;

    /** Files in a directory of this machine, which exists. None of them outlives the process. */
    static SpillFiles in(Path directory) {
        return () -> LocalStagingFile.unnamed(directory);
    }
}
