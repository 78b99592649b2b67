package io.zeolite.blob.s3;

import io.zeolite.blob.StoreException;
import io.zeolite.blob.StoreException.Reason;
import io.zeolite.blob.Throttle;
import io.zeolite.blob.s3.S3Settings.Encryption;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.ChecksumAlgorithm;
import software.amazon.awssdk.services.s3.model.ChecksumType;
import software.amazon.awssdk.services.s3.model.CompletedPart;
import software.amazon.awssdk.services.s3.model.CreateMultipartUploadRequest;
import software.amazon.awssdk.services.s3.model.PutObjectRequest;
import software.amazon.awssdk.services.s3.model.RequestPayer;
import software.amazon.awssdk.services.s3.model.ServerSideEncryption;
import software.amazon.awssdk.services.s3.model.UploadPartRequest;

/**
 * Writes one object: by one request, or from a size on in parts, several at a time. Until the last request is answered there
 * is no object, and if it is not, the parts are given up.
 */
final class S3Upload {
    private static final Logger LOG = LoggerFactory.getLogger(S3Upload.class);

    /** Files beyond this go in parts. */
    static final long LARGEST_IN_ONE = 64 << 20;

    private static final long SMALLEST_PART = 16 << 20;
    private static final int MOST_PARTS = 10_000;
    private static final int PARTS_AT_A_TIME = 4;
    private static final int ATTEMPTS = 3;

    private final S3Client client;
    private final S3Settings settings;
    private final CustomerKey customerKey;
    private final @Nullable RequestPayer payer;
    private final Executor threads;
    private final Throttle throttle;
    private final WriteTimeout timeout;
    private final String key;
    private final String what;

    /**
     * @param throttle of the parts of large files
     * @param timeout of what has a body
     * @param key with the prefix
     */
    S3Upload(
            S3Client client,
            S3Settings settings,
            CustomerKey customerKey,
            Executor threads,
            Throttle throttle,
            WriteTimeout timeout,
            String key) {
        this.client = client;
        this.settings = settings;
        this.customerKey = customerKey;
        this.payer = settings.requesterPays() ? RequestPayer.REQUESTER : null;
        this.threads = threads;
        this.throttle = throttle;
        this.timeout = timeout;
        this.key = key;
        this.what = "write s3://" + settings.bucket() + "/" + key;
    }

    private <T> T ask(Supplier<T> request) throws StoreException {
        try {
            return request.get();
        } catch (SdkException e) {
            throw Failures.of(what, e);
        }
    }

    private @Nullable String header(int crc32c) {
        return settings.sendsChecksums() ? S3Store.base64(crc32c) : null;
    }

    private @Nullable ServerSideEncryption encryption() {
        if (settings.encryption() instanceof Encryption.Managed) {
            return ServerSideEncryption.AES256;
        }
        return settings.encryption() instanceof Encryption.Kms ? ServerSideEncryption.AWS_KMS : null;
    }

    private @Nullable String kmsKey() {
        return settings.encryption() instanceof Encryption.Kms kms ? kms.keyId() : null;
    }

    private @Nullable Boolean bucketKey() {
        return (settings.encryption() instanceof Encryption.Kms kms && kms.bucketKey()) ? Boolean.TRUE : null;
    }

    /**
     * Writes it.
     *
     * @return the version that it has now, and the store's checksum of all of it
     */
    Written write(Path file, int crc32c, String contentType) throws StoreException, IOException {
        long size = Files.size(file);
        return size > LARGEST_IN_ONE
                ? writeInParts(file, size, crc32c, contentType)
                : fromFile(() -> put(RequestBody.fromFile(file), crc32c, contentType, null));
    }

    private interface Sending<T> {
        T send() throws StoreException;
    }

    /** Sends what a file has. That it cannot be read, since a pack has removed it perhaps, is no failure of the store. */
    private static <T> T fromFile(Sending<T> sending) throws StoreException, IOException {
        try {
            return sending.send();
        } catch (StoreException | RuntimeException e) {
            for (Throwable cause = e; cause != null; cause = cause.getCause()) {
                if (cause instanceof FileSystemException ofFile) {
                    throw ofFile;
                }
            }
            throw e;
        }
    }

    /** What the store says of a new object. */
    record Written(
            @Nullable String version,
            @Nullable String checksum,
            @Nullable ChecksumType checksumType) {}

    /** @param unless the version whose presence, of whatever object, forbids it: {@code *}; null for none */
    Written put(RequestBody body, int crc32c, String contentType, @Nullable String unless) throws StoreException {
        PutObjectRequest request = PutObjectRequest.builder()
                .bucket(settings.bucket())
                .key(key)
                .ifNoneMatch(unless)
                .contentType(contentType)
                .storageClass(settings.storageClass())
                .metadata(S3Store.noted(crc32c))
                .requestPayer(payer)
                .sseCustomerAlgorithm(customerKey.algorithm())
                .sseCustomerKey(customerKey.key())
                .sseCustomerKeyMD5(customerKey.md5())
                .serverSideEncryption(encryption())
                .ssekmsKeyId(kmsKey())
                .bucketKeyEnabled(bucketKey())
                .checksumCRC32C(header(crc32c))
                .overrideConfiguration(
                        timeout.forBytes(body.optionalContentLength().orElse(0L)))
                .build();
        return ask(() -> {
            var put = client.putObject(request, body);
            return new Written(put.eTag(), put.checksumCRC32C(), put.checksumType());
        });
    }

    /** Like {@link #write}, in parts even if it is small. */
    Written writeInParts(Path file, long size, int crc32c, String contentType) throws StoreException, IOException {
        String id = begin(S3Store.noted(crc32c), contentType);
        boolean done = false;
        try {
            List<CompletedPart> parts = sendParts(id, file, size);
            Written written = ask(() -> {
                var completed = client.completeMultipartUpload(complete -> complete.bucket(settings.bucket())
                        .key(key)
                        .uploadId(id)
                        .multipartUpload(upload -> upload.parts(parts))
                        .checksumType(settings.sendsChecksums() ? ChecksumType.FULL_OBJECT : null)
                        .checksumCRC32C(header(crc32c))
                        .requestPayer(payer)
                        .sseCustomerAlgorithm(customerKey.algorithm())
                        .sseCustomerKey(customerKey.key())
                        .sseCustomerKeyMD5(customerKey.md5())
                        // To make it whole takes the store longer the larger it is.
                        .overrideConfiguration(timeout.forBytes(size)));
                return new Written(completed.eTag(), completed.checksumCRC32C(), completed.checksumType());
            });
            done = true;
            return written;
        } finally {
            if (!done) {
                giveUp(id);
            }
        }
    }

    /** @return the name of the upload that has begun */
    String begin(Map<String, String> metadata, String contentType) throws StoreException {
        CreateMultipartUploadRequest request = CreateMultipartUploadRequest.builder()
                .bucket(settings.bucket())
                .key(key)
                .contentType(contentType)
                .storageClass(settings.storageClass())
                .metadata(metadata)
                .requestPayer(payer)
                .sseCustomerAlgorithm(customerKey.algorithm())
                .sseCustomerKey(customerKey.key())
                .sseCustomerKeyMD5(customerKey.md5())
                .serverSideEncryption(encryption())
                .ssekmsKeyId(kmsKey())
                .bucketKeyEnabled(bucketKey())
                .checksumAlgorithm(settings.sendsChecksums() ? ChecksumAlgorithm.CRC32_C : null)
                .checksumType(settings.sendsChecksums() ? ChecksumType.FULL_OBJECT : null)
                .build();
        return ask(() -> client.createMultipartUpload(request).uploadId());
    }

    /** Lets go of what was sent. If that fails too, it is found as a stale upload one day. */
    void giveUp(String id) {
        try {
            client.abortMultipartUpload(abort ->
                    abort.bucket(settings.bucket()).key(key).uploadId(id).requestPayer(payer));
        } catch (SdkException e) {
            LOG.warn(
                    "{}",
                    Failures.of("give up the parts of an attempt to " + what, e).getMessage());
        }
    }

    static long partBytes(long size) {
        return Math.max(SMALLEST_PART, -Math.floorDiv(-size, MOST_PARTS));
    }

    private List<CompletedPart> sendParts(String id, Path file, long size) throws StoreException, IOException {
        long partBytes = partBytes(size);
        int count = (int) -Math.floorDiv(-size, partBytes);
        CompletedPart[] parts = new CompletedPart[count];
        AtomicInteger next = new AtomicInteger();
        AtomicBoolean failed = new AtomicBoolean();
        List<FutureTask<Boolean>> workers = new ArrayList<>();
        for (int i = 0; i < Math.min(PARTS_AT_A_TIME, count); i++) {
            FutureTask<Boolean> worker = new FutureTask<>(() -> {
                boolean done = false;
                try {
                    for (int n = next.getAndIncrement(); n < count && !failed.get(); n = next.getAndIncrement()) {
                        long start = n * partBytes;
                        long length = Math.min(partBytes, size - start);
                        throttle.await(length);
                        parts[n] = send(id, n + 1, new FilePart(file, start, length));
                    }
                    done = true;
                } finally {
                    if (!done) {
                        failed.set(true);
                    }
                }
                return done;
            });
            workers.add(worker);
            threads.execute(worker);
        }
        awaitAll(workers);
        return List.of(parts);
    }

    /** Of all of them, whatever happens: what arrives after an upload was given up would stay there. */
    private void awaitAll(List<FutureTask<Boolean>> workers) throws StoreException, IOException {
        boolean interrupted = false;
        Throwable failure = null;
        for (FutureTask<Boolean> worker : workers) {
            for (boolean ended = false; !ended; ) {
                try {
                    worker.get();
                    ended = true;
                } catch (InterruptedException e) {
                    interrupted = true;
                } catch (ExecutionException e) {
                    failure = failure == null ? e.getCause() : failure;
                    ended = true;
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        if (failure instanceof IOException known) {
            throw known;
        } else if (failure != null) {
            throw new IllegalStateException("cannot " + what + ": " + failure, failure);
        }
    }

    /** A part that fails is tried again, or all that was sent before would be for nothing. */
    private CompletedPart send(String id, int number, FilePart part) throws StoreException, IOException {
        String checksum = settings.sendsChecksums() ? S3Store.base64(part.crc32c()) : null;
        UploadPartRequest request = UploadPartRequest.builder()
                .bucket(settings.bucket())
                .key(key)
                .uploadId(id)
                .partNumber(number)
                .checksumCRC32C(checksum)
                .requestPayer(payer)
                .sseCustomerAlgorithm(customerKey.algorithm())
                .sseCustomerKey(customerKey.key())
                .sseCustomerKeyMD5(customerKey.md5())
                .overrideConfiguration(timeout.forBytes(part.length()))
                .build();
        RequestBody body = RequestBody.fromContentProvider(part, part.length(), "application/octet-stream");
        for (int attempt = 1; ; attempt++) {
            try {
                String version = fromFile(
                        () -> ask(() -> client.uploadPart(request, body).eTag()));
                return CompletedPart.builder()
                        .partNumber(number)
                        .eTag(version)
                        .checksumCRC32C(checksum)
                        .build();
            } catch (StoreException e) {
                if (attempt == ATTEMPTS || e.reason() != Reason.UNAVAILABLE) {
                    throw e;
                }
                LOG.debug("part {} of {} is sent again: {}", number, key, e.getMessage());
            }
        }
    }
}
