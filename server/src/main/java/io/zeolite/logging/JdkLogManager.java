package io.zeolite.logging;

import java.io.IOException;
import java.util.logging.LogManager;

/**
 * The log manager of {@code java.util.logging}, for which a library asks at the start, without the search that follows its
 * configuration: the JDK would open all jars to see whether one of them has a logger for its own messages. None has, and the
 * search takes a fifth of a start. Everything else is as the JDK has it: its configuration and that of the user are read, and
 * warnings go to the error stream.
 */
public final class JdkLogManager extends LogManager {
    private boolean configured;

    /** @throws IOException always the first time, which is the JDK's: that is how it is kept from going on to the search */
    @Override
    public void readConfiguration() throws IOException {
        super.readConfiguration();
        if (!configured) {
            configured = true;
            throw new IOException("configured, and without a search for other loggers");
        }
    }
}
