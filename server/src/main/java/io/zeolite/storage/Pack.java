package io.zeolite.storage;

import java.io.Closeable;
import java.io.IOException;

/**
 * One pack of a log under way. It changes nothing before {@link #replace}, and everything in it.
 *
 * <p>The order is: {@link #copy}, then {@link #replace}; both again as long as that returns false; at the end, however it
 * ends, {@link #close}. No two methods run at the same time.
 */
public interface Pack extends Closeable {
    /**
     * Gets as near to the end as it can beside everything else; on a thread that may take its time.
     *
     * @return false if there is nothing to be gained, so that the log stays as it is
     * @throws IOException if it cannot be done, saying why; the log stays as it is
     */
    boolean copy() throws IOException;

    /**
     * Puts what the pack has made in the place of what there was, on the committer's thread.
     *
     * @param now whether it is to be done even if much has been written since {@link #copy}
     * @return false if a transaction relies on the positions of what there is, or if more has been written than can be copied in a moment, or refers to what the pack has left out:
     *     nothing has changed, and {@link #copy} is to run again
     * @throws IOException if it cannot be done; the log stays as it is, or refuses everything if that is not known
     */
    boolean replace(boolean now) throws IOException;

    /** What it is like now; after {@link #replace}, what it came to. For the log. */
    String report();

    /** Lets go of everything, and if {@link #replace} has not happened removes what was made. */
    @Override
    void close() throws IOException;
}
