package io.zeolite.blob.s3;

import java.net.URI;
import java.time.Duration;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/**
 * Which bucket, and how to talk to it.
 *
 * @param bucket its name
 * @param prefix what all keys start with: empty, or ending with a slash
 * @param region null for that of the environment; for an endpoint of one's own {@code us-east-1}
 * @param endpoint null for AWS
 * @param pathStyle whether the bucket stands in the path and not in the host name; null for where there is an endpoint
 * @param storageClass for new objects, in the store's words; null for its default
 * @param encryption of new objects
 * @param requesterPays whether whoever asks pays for the requests
 * @param credentials whom the store takes us for
 * @param checksums whether checksums travel in headers; null for where it is AWS, as other stores may refuse them
 * @param connectTimeout for a connection to come about
 * @param readTimeout for a silence on a connection
 * @param maxConnections requests at the same time
 */
public record S3Settings(
        String bucket,
        String prefix,
        @Nullable String region,
        @Nullable URI endpoint,
        @Nullable Boolean pathStyle,
        @Nullable String storageClass,
        Encryption encryption,
        boolean requesterPays,
        Credentials credentials,
        @Nullable Boolean checksums,
        Duration connectTimeout,
        Duration readTimeout,
        int maxConnections) {

    /** How objects are encrypted where they lie. */
    public sealed interface Encryption {
        /** As the bucket is set up. */
        record Default() implements Encryption {}

        /** With the store's own keys: {@code AES256}. */
        record Managed() implements Encryption {}

        /**
         * With a key of the key management service: {@code aws:kms}.
         *
         * @param keyId null for the account's default key
         * @param bucketKey whether a key of the bucket saves requests to the service
         */
        record Kms(@Nullable String keyId, boolean bucketKey) implements Encryption {}

        /**
         * With a key that goes along with every request (SSE-C).
         *
         * @param keyBase64 32 bytes; never shown
         */
        record CustomerKey(String keyBase64) implements Encryption {
            private static final int BYTES = 32;

            /** Whether a text is such a key. */
            public static boolean isKey(String base64) {
                try {
                    return Base64.getDecoder().decode(base64).length == BYTES;
                } catch (IllegalArgumentException e) {
                    return false;
                }
            }

            @Override
            public String toString() {
                return "CustomerKey[...]";
            }
        }
    }

    /** Whom the store takes us for. */
    public sealed interface Credentials {
        /** AWS's default chain: environment, profile, web identity, container, instance. */
        record DefaultChain() implements Credentials {}

        /** Nobody: requests are not signed. */
        record Anonymous() implements Credentials {}

        /** Named keys; the secrets are never shown. */
        record Keys(
                String accessKey,
                String secretKey,
                @Nullable String sessionToken) implements Credentials {
            @Override
            public String toString() {
                return "Keys[...]";
            }
        }
    }

    /** Whether an endpoint is one of AWS. Only there names of storage classes have a meaning that is known. */
    public static boolean isAws(@Nullable URI endpoint) {
        String host = endpoint == null ? null : endpoint.getHost();
        return endpoint == null
                || (host != null && (host.endsWith(".amazonaws.com") || host.endsWith(".amazonaws.com.cn")));
    }

    boolean isAws() {
        return isAws(endpoint);
    }

    boolean usesPathStyle() {
        return pathStyle == null ? endpoint != null : pathStyle;
    }

    boolean sendsChecksums() {
        return checksums == null ? endpoint == null : checksums;
    }
}
