package io.zeolite.blob.s3;

import static io.zeolite.blob.BucketFinding.ok;
import static io.zeolite.blob.BucketFinding.warning;

import io.zeolite.blob.BucketFinding;
import java.time.Duration;
import java.time.Instant;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.CompletedPart;
import software.amazon.awssdk.services.s3.model.MultipartUpload;

/** Tries whether large objects can be written in parts, and looks for parts that were left behind. */
final class MultipartProbe {
    private static final byte[] CONTENT = new byte[1024];
    private static final Duration STALE = Duration.ofDays(1);

    private final S3Client client;
    private final S3Settings settings;
    private final String key;
    private final Consumer<BucketFinding> report;

    MultipartProbe(S3Client client, S3Settings settings, String key, Consumer<BucketFinding> report) {
        this.client = client;
        this.settings = settings;
        this.key = key;
        this.report = report;
    }

    void run() {
        upload();
        stale();
    }

    private void upload() {
        String upload = null;
        try {
            upload = begin();
            complete(upload);
            client.deleteObject(request -> request.bucket(settings.bucket()).key(key));
            upload = begin();
            abort(upload);
            report.accept(ok("multipart", "supported, and can be aborted"));
        } catch (SdkException e) {
            report.accept(
                    warning(
                            "multipart",
                            "" + Failures.of("write in parts", e).getMessage(),
                            "large blobs are written in one request, up to 5 GB; allow s3:AbortMultipartUpload if that was denied"));
            abortQuietly(upload);
        }
    }

    private String begin() {
        return client.createMultipartUpload(
                        request -> request.bucket(settings.bucket()).key(key).storageClass(settings.storageClass()))
                .uploadId();
    }

    private void complete(String upload) {
        String etag = client.uploadPart(
                        request -> request.bucket(settings.bucket())
                                .key(key)
                                .uploadId(upload)
                                .partNumber(1),
                        RequestBody.fromBytes(CONTENT))
                .eTag();
        CompletedPart part = CompletedPart.builder().partNumber(1).eTag(etag).build();
        client.completeMultipartUpload(request -> request.bucket(settings.bucket())
                .key(key)
                .uploadId(upload)
                .multipartUpload(parts -> parts.parts(part)));
    }

    private void abort(String upload) {
        client.abortMultipartUpload(
                request -> request.bucket(settings.bucket()).key(key).uploadId(upload));
    }

    private void abortQuietly(@Nullable String upload) {
        try {
            if (upload != null) {
                abort(upload);
            }
        } catch (SdkException e) {
            // It has been said that it does not work.
        }
    }

    private void stale() {
        Instant limit = Instant.now().minus(STALE);
        long count;
        try {
            count = client
                    .listMultipartUploads(
                            request -> request.bucket(settings.bucket()).prefix(settings.prefix()))
                    .uploads()
                    .stream()
                    .map(MultipartUpload::initiated)
                    .filter(begun -> begun != null && begun.isBefore(limit))
                    .count();
        } catch (SdkException e) {
            report.accept(ok("unfinished uploads", "cannot be listed (HTTP " + BucketProbe.status(e) + ")"));
            return;
        }
        report.accept(
                count == 0
                        ? ok("unfinished uploads", "none that is older than a day")
                        : warning(
                                "unfinished uploads",
                                count + " are older than a day, and are paid for",
                                "abort them, best by a lifecycle rule"));
    }
}
