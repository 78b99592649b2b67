package io.zeolite.blob.s3;

import io.zeolite.blob.BlobStore;
import io.zeolite.blob.StoreException;
import io.zeolite.blob.StoredContent;
import io.zeolite.blob.StoredObject;
import io.zeolite.blob.s3.S3Settings.Encryption;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Base64;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.ResponseInputStream;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.ChecksumMode;
import software.amazon.awssdk.services.s3.model.ChecksumType;
import software.amazon.awssdk.services.s3.model.GetObjectRequest;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;
import software.amazon.awssdk.services.s3.model.HeadObjectRequest;
import software.amazon.awssdk.services.s3.model.HeadObjectResponse;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Request;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Response;
import software.amazon.awssdk.services.s3.model.PutObjectRequest;
import software.amazon.awssdk.services.s3.model.PutObjectResponse;
import software.amazon.awssdk.services.s3.model.RequestPayer;
import software.amazon.awssdk.services.s3.model.S3Object;
import software.amazon.awssdk.services.s3.model.ServerSideEncryption;

/**
 * A bucket, or what lies under a prefix of it.
 *
 * <p>The CRC-32C of an object is noted in its metadata ({@code x-amz-meta-zeolite-crc32c}, eight hex digits), which every
 * store keeps, whether or not the store has checksums of its own.
 */
public final class S3Store implements BlobStore {
    private static final String CRC32C = "zeolite-crc32c";

    private final S3Settings settings;
    private final S3Client client;
    private final CustomerKey customerKey;
    private final @Nullable RequestPayer payer;

    /** Connects to nothing yet. Loading the SDK takes some tenths of a second. */
    public S3Store(S3Settings settings) {
        this.settings = settings;
        this.client = S3Clients.create(settings);
        this.customerKey = settings.encryption() instanceof Encryption.CustomerKey key
                ? CustomerKey.of(key.keyBase64())
                : CustomerKey.NONE;
        this.payer = settings.requesterPays() ? RequestPayer.REQUESTER : null;
    }

    @Override
    public String name() {
        return "s3://" + settings.bucket() + "/" + settings.prefix();
    }

    private String full(String key) {
        return settings.prefix() + key;
    }

    private <T> T ask(String what, String key, Supplier<T> request) throws StoreException {
        try {
            return request.get();
        } catch (SdkException e) {
            throw Failures.of(what + " " + name() + key, e);
        }
    }

    @Override
    public StoredObject stat(String key) throws StoreException {
        HeadObjectResponse found = head(key);
        return object(key, found, checksum(found.metadata(), found.checksumCRC32C(), found.checksumType()));
    }

    @Override
    public StoredObject attest(String key) throws StoreException {
        HeadObjectResponse found = head(key);
        return object(key, found, checksum(null, found.checksumCRC32C(), found.checksumType()));
    }

    private HeadObjectResponse head(String key) throws StoreException {
        HeadObjectRequest request = HeadObjectRequest.builder()
                .bucket(settings.bucket())
                .key(full(key))
                .checksumMode(settings.sendsChecksums() ? ChecksumMode.ENABLED : null)
                .requestPayer(payer)
                .sseCustomerAlgorithm(customerKey.algorithm())
                .sseCustomerKey(customerKey.key())
                .sseCustomerKeyMD5(customerKey.md5())
                .build();
        return ask("look at", key, () -> client.headObject(request));
    }

    private static StoredObject object(String key, HeadObjectResponse found, @Nullable Integer crc32c) {
        return new StoredObject(
                key, found.contentLength(), Objects.requireNonNullElse(found.eTag(), ""), found.lastModified(), crc32c);
    }

    /** That of the store itself goes before that of whoever wrote the object. */
    private static @Nullable Integer checksum(
            @Nullable Map<String, String> metadata, @Nullable String ofStore, @Nullable ChecksumType type) {
        if (ofStore != null && type != ChecksumType.COMPOSITE && !ofStore.contains("-")) {
            byte[] bytes = Base64.getDecoder().decode(ofStore);
            return ByteBuffer.wrap(bytes).getInt();
        }
        String noted = metadata == null ? null : metadata.get(CRC32C);
        try {
            return noted == null ? null : Integer.parseUnsignedInt(noted, 16);
        } catch (NumberFormatException e) {
            return null;
        }
    }

    @Override
    public StoredContent open(String key, long offset, @Nullable String version) throws StoreException {
        GetObjectRequest request = GetObjectRequest.builder()
                .bucket(settings.bucket())
                .key(full(key))
                .range(offset == 0 ? null : "bytes=" + offset + "-")
                .ifMatch(version == null || version.isEmpty() ? null : version)
                // The SDK would check whole objects itself, but not those that arrive in parts.
                .checksumMode(settings.sendsChecksums() ? ChecksumMode.ENABLED : null)
                .requestPayer(payer)
                .sseCustomerAlgorithm(customerKey.algorithm())
                .sseCustomerKey(customerKey.key())
                .sseCustomerKeyMD5(customerKey.md5())
                .build();
        ResponseInputStream<GetObjectResponse> stream = ask("read", key, () -> client.getObject(request));
        StoredObject object;
        try {
            object = object(key, offset, stream.response());
        } catch (StoreException e) {
            stream.abort();
            throw e;
        }
        return new S3Content(name() + key, object, stream);
    }

    private StoredObject object(String key, long offset, GetObjectResponse response) throws StoreException {
        long rest = response.contentLength() == null ? -1 : response.contentLength();
        if (rest < 0 || (offset > 0 && !("" + response.contentRange()).startsWith("bytes " + offset + "-"))) {
            throw new StoreException(
                    StoreException.Reason.REFUSED,
                    name() + key + ": answered with the range " + response.contentRange() + " and the length " + rest
                            + " (expected: a length, and what follows byte " + offset + ")",
                    null);
        }
        return new StoredObject(
                key,
                offset + rest,
                Objects.requireNonNullElse(response.eTag(), ""),
                Objects.requireNonNullElse(response.lastModified(), Instant.EPOCH),
                checksum(response.metadata(), response.checksumCRC32C(), response.checksumType()));
    }

    @Override
    public StoredObject put(String key, Path file, int crc32c, String contentType) throws StoreException, IOException {
        PutObjectRequest.Builder request = PutObjectRequest.builder()
                .bucket(settings.bucket())
                .key(full(key))
                .contentType(contentType)
                .storageClass(settings.storageClass())
                .metadata(Map.of(CRC32C, String.format("%08x", crc32c)))
                .requestPayer(payer)
                .sseCustomerAlgorithm(customerKey.algorithm())
                .sseCustomerKey(customerKey.key())
                .sseCustomerKeyMD5(customerKey.md5());
        if (settings.sendsChecksums()) {
            request.checksumCRC32C(Base64.getEncoder()
                    .encodeToString(ByteBuffer.allocate(4).putInt(crc32c).array()));
        }
        if (settings.encryption() instanceof Encryption.Managed) {
            request.serverSideEncryption(ServerSideEncryption.AES256);
        } else if (settings.encryption() instanceof Encryption.Kms kms) {
            request.serverSideEncryption(ServerSideEncryption.AWS_KMS)
                    .ssekmsKeyId(kms.keyId())
                    .bucketKeyEnabled(kms.bucketKey() ? Boolean.TRUE : null);
        }
        RequestBody body = RequestBody.fromFile(file);
        PutObjectResponse put = ask("write", key, () -> client.putObject(request.build(), body));
        return new StoredObject(
                key,
                body.optionalContentLength().orElseThrow(),
                Objects.requireNonNullElse(put.eTag(), ""),
                Instant.now(),
                checksum(null, put.checksumCRC32C(), put.checksumType()));
    }

    @Override
    public void delete(String key) throws StoreException {
        ask(
                "delete",
                key,
                () -> client.deleteObject(request ->
                        request.bucket(settings.bucket()).key(full(key)).requestPayer(payer)));
    }

    @Override
    public void list(String start, Consumer<StoredObject> each) throws StoreException {
        String token = null;
        do {
            ListObjectsV2Request request = ListObjectsV2Request.builder()
                    .bucket(settings.bucket())
                    .prefix(full(start))
                    .continuationToken(token)
                    .requestPayer(payer)
                    .build();
            ListObjectsV2Response page = ask("list", start, () -> client.listObjectsV2(request));
            for (S3Object found : page.contents()) {
                each.accept(new StoredObject(
                        found.key().substring(settings.prefix().length()),
                        found.size(),
                        Objects.requireNonNullElse(found.eTag(), ""),
                        found.lastModified(),
                        null));
            }
            token = Boolean.TRUE.equals(page.isTruncated()) ? page.nextContinuationToken() : null;
        } while (token != null);
    }

    @Override
    public void close() {
        client.close();
    }
}
