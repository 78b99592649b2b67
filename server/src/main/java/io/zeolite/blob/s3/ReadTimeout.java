package io.zeolite.blob.s3;

import java.time.Duration;

/**
 * How slowly an object may come. A silence is noticed by the connection itself; a store that sends a few bytes now and then
 * would hold its reader for ever.
 *
 * @param waiting for bytes, all in all; what the reader does in between does not count
 * @param leastBytes that have to come in that time
 */
record ReadTimeout(Duration waiting, long leastBytes) {
    /** Of one connection: many may share a line over which somebody would read blobs. */
    private static final long SLOWEST = 4 << 10;

    static ReadTimeout of(S3Settings settings) {
        // A silence that is no failure yet has to be made up for.
        Duration waiting = settings.readTimeout().multipliedBy(3);
        return new ReadTimeout(waiting, waiting.toSeconds() * SLOWEST);
    }
}
