package io.zeolite.blob.s3;

import io.zeolite.blob.s3.S3Settings.Credentials;
import java.time.Duration;
import software.amazon.awssdk.auth.credentials.AnonymousCredentialsProvider;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.checksums.RequestChecksumCalculation;
import software.amazon.awssdk.core.checksums.ResponseChecksumValidation;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.http.apache5.Apache5HttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.regions.providers.DefaultAwsRegionProviderChain;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.S3ClientBuilder;
import software.amazon.awssdk.services.s3.S3Configuration;

/** Makes the SDK's client of settings. */
final class S3Clients {
    /** Idle connections are given up before the store, or something between, does. */
    private static final Duration MAX_IDLE = Duration.ofSeconds(20);

    private S3Clients() {}

    /** Takes some tenths of a second, most of it for loading classes. */
    static S3Client create(S3Settings settings) {
        S3ClientBuilder builder = S3Client.builder()
                .httpClientBuilder(Apache5HttpClient.builder()
                        .maxConnections(settings.maxConnections())
                        .connectionTimeout(settings.connectTimeout())
                        .socketTimeout(settings.readTimeout())
                        .connectionAcquisitionTimeout(settings.readTimeout())
                        .connectionMaxIdleTime(MAX_IDLE)
                        .tcpKeepAlive(true))
                .credentialsProvider(provider(settings.credentials()))
                .serviceConfiguration(S3Configuration.builder()
                        .pathStyleAccessEnabled(settings.usesPathStyle())
                        // Some stores keep the framing of chunks as if it were data.
                        .chunkedEncodingEnabled(false)
                        .build())
                // Checksums are sent as plain headers by ourselves: what the SDK adds breaks some stores.
                .requestChecksumCalculation(RequestChecksumCalculation.WHEN_REQUIRED)
                .responseChecksumValidation(ResponseChecksumValidation.WHEN_REQUIRED)
                // Whoever calls the store tries again, and knows for how long.
                .overrideConfiguration(override -> override.retryStrategy(retries -> retries.maxAttempts(1)));
        if (settings.endpoint() != null) {
            builder.endpointOverride(settings.endpoint());
        }
        builder.crossRegionAccessEnabled(settings.region() == null && settings.endpoint() == null)
                .region(region(settings));
        return builder.build();
    }

    private static Region region(S3Settings settings) {
        if (settings.region() != null) {
            return Region.of(settings.region());
        }
        if (settings.endpoint() != null) {
            return Region.US_EAST_1;
        }
        try {
            return DefaultAwsRegionProviderChain.builder().build().getRegion();
        } catch (SdkClientException e) {
            // AWS tells the region of a bucket to whoever asks in the oldest one, and so does the error message.
            return Region.US_EAST_1;
        }
    }

    private static AwsCredentialsProvider provider(Credentials credentials) {
        if (credentials instanceof Credentials.Anonymous) {
            return AnonymousCredentialsProvider.create();
        }
        if (credentials instanceof Credentials.Keys keys) {
            return StaticCredentialsProvider.create(
                    keys.sessionToken() == null
                            ? AwsBasicCredentials.create(keys.accessKey(), keys.secretKey())
                            : AwsSessionCredentials.create(keys.accessKey(), keys.secretKey(), keys.sessionToken()));
        }
        return DefaultCredentialsProvider.builder().build();
    }
}
