package io.zeolite.blob.s3;

import java.time.Duration;
import software.amazon.awssdk.awscore.AwsRequestOverrideConfiguration;

/**
 * How long requests with a body may take. A silence is noticed by whoever reads; a store that accepts a connection and does not
 * read what is sent would hold its writer for ever.
 *
 * @param idle for whatever is not sending: waiting for a connection, making it, and waiting for the answer
 * @param bytesPerSecond a store that takes a body more slowly is taken not to answer
 */
record WriteTimeout(Duration idle, long bytesPerSecond) {
    /** Below any line over which somebody would archive blobs. */
    private static final long SLOWEST = 32 << 10;

    static WriteTimeout of(S3Settings settings) {
        return new WriteTimeout(
                settings.connectTimeout().plus(settings.readTimeout().multipliedBy(2)), SLOWEST);
    }

    /** For one request. When it is over, the connection is closed and there was no answer. */
    AwsRequestOverrideConfiguration forBytes(long bytes) {
        return AwsRequestOverrideConfiguration.builder()
                .apiCallAttemptTimeout(idle.plusSeconds(bytes / bytesPerSecond))
                .build();
    }
}
