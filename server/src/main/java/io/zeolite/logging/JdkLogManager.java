package io.zeolite.logging;

import java.io.IOException;
import java.util.logging.LogManager;

/**
 * The log manager of {@code java.util.logging}, for which a library asks at the start, without the search that follows its
 * configuration: the JDK would open all jars to see whether one of them has a logger for its own messages. None has, and the
 * search takes a fifth of a start. The configuration is read as always, and warnings of libraries go to the error stream. What
 * the JDK itself has to say goes there too from INFO on, whatever its own {@code logging.properties} says; a
 * configuration that is named with {@code -Djava.util.logging.config.file} counts for it as well.
 */
public final class JdkLogManager extends LogManager {
    private boolean configured;

    /** @throws IOException always the first time, which is the JDK's: it takes no notice but not to go on to the search */
    @Override
    public void readConfiguration() throws IOException {
        boolean first = !configured;
        configured = true;
        super.readConfiguration();
        if (first) {
            throw new IOException("configured, and without a search for other loggers");
        }
    }
}
