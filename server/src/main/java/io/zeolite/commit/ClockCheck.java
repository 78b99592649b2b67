package io.zeolite.commit;

import io.zeolite.logging.Logging;
import io.zeolite.storage.TransactionLog;
import io.zeolite.zodb.TimeStamp;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Compares a log with the clock when it is opened, as Python does, and at its levels. */
final class ClockCheck {
    private static final Logger LOG = LoggerFactory.getLogger(ClockCheck.class);

    /** Beyond this it is no clock that was set, but one that is wrong. */
    private static final Duration TOLERANCE = Duration.ofMinutes(30);

    private static final String MESSAGE =
            "{}: the last transaction is of {}, {} s ahead of the clock; until then what is"
                    + " committed gets tids right behind it";

    private ClockCheck() {}

    /** Tells of a log whose last transaction is yet to come. */
    static void warnIfAhead(TransactionLog log, InstantSource clock) {
        Instant now = clock.instant();
        Instant last = TimeStamp.toInstant(log.lastTransaction());
        if (!last.isAfter(now)) {
            return;
        }
        Duration ahead = Duration.between(now, last);
        Instant shown = last.truncatedTo(ChronoUnit.SECONDS);
        if (ahead.compareTo(TOLERANCE) > 0) {
            LOG.error(Logging.CRITICAL, MESSAGE, log.info().name(), shown, ahead.toSeconds());
        } else {
            LOG.warn(MESSAGE, log.info().name(), shown, ahead.toSeconds());
        }
    }
}
