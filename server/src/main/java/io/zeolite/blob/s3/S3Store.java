package io.zeolite.blob.s3;

import io.zeolite.blob.BlobStore;
import io.zeolite.blob.KeyLayout;
import io.zeolite.blob.StoreException;
import io.zeolite.blob.StoreException.Reason;
import io.zeolite.blob.StoredContent;
import io.zeolite.blob.StoredObject;
import io.zeolite.blob.Throttle;
import io.zeolite.blob.s3.S3Settings.Encryption;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.ResponseInputStream;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.ChecksumMode;
import software.amazon.awssdk.services.s3.model.ChecksumType;
import software.amazon.awssdk.services.s3.model.DeleteObjectsResponse;
import software.amazon.awssdk.services.s3.model.GetObjectRequest;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;
import software.amazon.awssdk.services.s3.model.HeadObjectRequest;
import software.amazon.awssdk.services.s3.model.HeadObjectResponse;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Request;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Response;
import software.amazon.awssdk.services.s3.model.MultipartUpload;
import software.amazon.awssdk.services.s3.model.ObjectIdentifier;
import software.amazon.awssdk.services.s3.model.RequestPayer;
import software.amazon.awssdk.services.s3.model.S3Error;
import software.amazon.awssdk.services.s3.model.S3Object;

/**
 * A bucket, or what lies under a prefix of it.
 *
 * <p>The CRC-32C of an object is noted in its metadata ({@code x-amz-meta-zeolite-crc32c}, eight hex digits), which every
 * store keeps, whether or not the store has checksums of its own.
 */
public final class S3Store implements BlobStore {
    private static final String CRC32C_NOTE = "zeolite-crc32c";
    /** How the keys begin of whatever is only tried. */
    private static final String PROBES = ".zeolite-";

    private static final String TRIAL_KEY = PROBES + "trial";
    private static final int MOST_IN_ONE_DELETE = 1000;
    /** In the body of a request, at the most. */
    private static final long BYTES_OF_A_KEY = 2048;

    private static final int MOST_UPLOAD_THREADS = 16;

    private final S3Settings settings;
    private final S3Client client;
    private final CustomerKey customerKey;
    private final @Nullable RequestPayer payer;
    private final ThreadPoolExecutor threads;
    private final WriteTimeout timeout;
    private final ReadTimeout readTimeout;
    private volatile Throttle parts = Throttle.NONE;

    /** Connects to nothing yet. Loading the SDK takes some tenths of a second. */
    public S3Store(S3Settings settings) {
        this(settings, WriteTimeout.of(settings));
    }

    S3Store(S3Settings settings, WriteTimeout timeout) {
        this.settings = settings;
        this.timeout = timeout;
        this.readTimeout = ReadTimeout.of(settings);
        this.client = S3Clients.create(settings);
        this.customerKey = settings.encryption() instanceof Encryption.CustomerKey key
                ? CustomerKey.of(key.keyBase64())
                : CustomerKey.NONE;
        this.payer = settings.requesterPays() ? RequestPayer.REQUESTER : null;
        this.threads = new ThreadPoolExecutor(
                MOST_UPLOAD_THREADS, MOST_UPLOAD_THREADS, 10, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), task -> {
                    Thread thread = new Thread(task, "zeolite-upload");
                    thread.setDaemon(true);
                    return thread;
                });
        threads.allowCoreThreadTimeOut(true);
    }

    @Override
    public String name() {
        return "s3://" + settings.bucket() + "/" + settings.prefix();
    }

    /** Names of buckets are unique for one store only. */
    @Override
    public String place() {
        return settings.endpoint() == null ? name() : name() + " at " + settings.endpoint();
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
        String archive = StorageClasses.archive(found, settings.isAws());
        if (archive != null) {
            throw new StoreException(
                    Reason.ARCHIVED,
                    name() + key + " is in the storage class " + archive
                            + ", which is no place for it (expected: a class that is read at once, without being restored)",
                    null);
        }
        Integer ofStore = ofStore(found.checksumCRC32C(), found.checksumType());
        Integer noted = noted(found.metadata());
        return object(key, found, noted == null || noted.equals(ofStore) ? ofStore : null);
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
        HeadObjectResponse found = find(key, request);
        String version = version(key, found.eTag());
        if (!StoreSign.isIn(found.sdkHttpResponse())) {
            confirm(key, version);
        }
        return found;
    }

    private HeadObjectResponse find(String key, HeadObjectRequest request) throws StoreException {
        try {
            return client.headObject(request);
        } catch (SdkException e) {
            StoreException failure = Failures.of("look at " + name() + key, e);
            if (failure.reason() == Reason.NOT_FOUND && !isOfStore(e) && listed(key) != null) {
                throw new StoreException(
                        Reason.UNAVAILABLE, failure.getMessage() + " (expected: an object, as it is listed)", e);
            }
            throw failure;
        }
    }

    private static boolean isOfStore(SdkException failure) {
        return failure instanceof AwsServiceException service
                && service.awsErrorDetails() != null
                && service.awsErrorDetails().sdkHttpResponse() != null
                && StoreSign.isIn(service.awsErrorDetails().sdkHttpResponse());
    }

    /**
     * Asks for an object once more, in a way that nothing but a store can answer.
     *
     * @param version that somebody has answered with
     */
    private void confirm(String key, String version) throws StoreException {
        S3Object listed = listed(key);
        if (listed == null || !withoutQuotes("" + listed.eTag()).equals(withoutQuotes(version))) {
            throw new StoreException(
                    Reason.UNAVAILABLE,
                    name() + key + ": answered with the ETag " + version
                            + " by something else than the store (expected: "
                            + "a header that starts with x-amz- or x-goog-, or the same ETag in a list)",
                    null);
        }
    }

    private static String withoutQuotes(String eTag) {
        return eTag.replace("\"", "");
    }

    private @Nullable S3Object listed(String key) throws StoreException {
        return first(key).filter(found -> full(key).equals(found.key())).orElse(null);
    }

    private StoredObject object(String key, HeadObjectResponse found, @Nullable Integer crc32c) throws StoreException {
        String version = version(key, found.eTag());
        if (found.contentLength() == null) {
            throw new StoreException(
                    Reason.REFUSED, name() + key + ": answered without a length (expected: one)", null);
        }
        return new StoredObject(
                key,
                found.contentLength(),
                version,
                Objects.requireNonNullElse(found.lastModified(), Instant.EPOCH),
                crc32c);
    }

    /** Each object has an ETag, and what a proxy answers in the place of a store mostly has none. */
    private String version(String key, @Nullable String eTag) throws StoreException {
        if (eTag == null || eTag.isEmpty()) {
            throw new StoreException(
                    Reason.UNAVAILABLE,
                    name() + key
                            + ": answered without an ETag, so by something else than the store (expected: an object)",
                    null);
        }
        return eTag;
    }

    /** The note goes first: there are stores that have a wrong checksum of what came in parts, and verify none. */
    private static @Nullable Integer checksum(
            Map<String, String> metadata, @Nullable String ofStore, @Nullable ChecksumType type) {
        Integer noted = noted(metadata);
        return noted == null ? ofStore(ofStore, type) : noted;
    }

    /** That of a whole object. */
    private static @Nullable Integer ofStore(@Nullable String base64, @Nullable ChecksumType type) {
        if (base64 == null || type == ChecksumType.COMPOSITE || base64.contains("-")) {
            return null;
        }
        return ByteBuffer.wrap(Base64.getDecoder().decode(base64)).getInt();
    }

    private static @Nullable Integer noted(Map<String, String> metadata) {
        String noted = metadata.get(CRC32C_NOTE);
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
                .ifMatch(version)
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
        boolean isOfStore = StoreSign.isIn(stream.response().sdkHttpResponse());
        if (!object.version().equals(version) && (version != null || !isOfStore)) {
            // Its connection may be the last one that may be had.
            stream.abort();
            if (!isOfStore) {
                confirm(key, object.version());
            }
            if (version != null) {
                // Not every store looks at If-Match.
                throw new StoreException(
                        Reason.CHANGED,
                        name() + key + " has changed: " + object.version() + " (expected: " + version + ")",
                        null);
            }
            return open(key, offset, object.version());
        }
        return new S3Content(name() + key, object, object.size() - offset, stream, readTimeout, System::nanoTime);
    }

    private StoredObject object(String key, long offset, GetObjectResponse response) throws StoreException {
        String version = version(key, response.eTag());
        long rest = response.contentLength() == null ? -1 : response.contentLength();
        if (rest < 0 || (offset > 0 && !("" + response.contentRange()).startsWith("bytes " + offset + "-"))) {
            throw new StoreException(
                    Reason.REFUSED,
                    name() + key + ": answered with the range " + response.contentRange() + " and the length " + rest
                            + " (expected: a length, and what follows byte " + offset + ")",
                    null);
        }
        return new StoredObject(
                key,
                offset + rest,
                version,
                Objects.requireNonNullElse(response.lastModified(), Instant.EPOCH),
                checksum(response.metadata(), response.checksumCRC32C(), response.checksumType()));
    }

    @Override
    public StoredObject put(String key, Path file, int crc32c, String contentType) throws StoreException, IOException {
        long size = Files.size(file);
        return object(key, size, upload(key).write(file, crc32c, contentType));
    }

    @Override
    public void paceParts(Throttle throttle) {
        parts = throttle;
    }

    @Override
    public boolean isWrittenInParts(long size) {
        return size > S3Upload.LARGEST_IN_ONE;
    }

    @Override
    public StoredObject putInParts(String key, Path file, int crc32c, String contentType)
            throws StoreException, IOException {
        long size = Files.size(file);
        return object(key, size, upload(key).writeInParts(file, size, crc32c, contentType));
    }

    @Override
    public boolean putIfAbsent(String key, byte[] content, String contentType) throws StoreException {
        CRC32C crc = new CRC32C();
        crc.update(content);
        try {
            upload(key).put(RequestBody.fromBytes(content), (int) crc.getValue(), contentType, "*");
            return true;
        } catch (StoreException e) {
            // There is one, or somebody is writing it at this moment.
            if (e.reason() == Reason.CHANGED || e.reason() == Reason.CONTENDED) {
                return false;
            }
            throw e;
        }
    }

    @Override
    public boolean mayWrite() throws StoreException {
        S3Upload upload = upload(TRIAL_KEY);
        try {
            // Nothing that is begun and given up is ever seen as an object.
            upload.giveUp(upload.begin(Map.of(), "text/plain"));
            return true;
        } catch (StoreException e) {
            if (e.reason() == Reason.DENIED) {
                return false;
            }
            throw e;
        }
    }

    private S3Upload upload(String key) {
        return upload(full(key), parts);
    }

    private S3Upload upload(String fullKey, Throttle throttle) {
        return new S3Upload(client, settings, customerKey, threads, throttle, timeout, fullKey);
    }

    private static StoredObject object(String key, long size, S3Upload.Written written) {
        return new StoredObject(
                key,
                size,
                Objects.requireNonNullElse(written.version(), ""),
                Instant.now(),
                ofStore(written.checksum(), written.checksumType()));
    }

    static Map<String, String> noted(int crc32c) {
        return Map.of(CRC32C_NOTE, String.format("%08x", crc32c));
    }

    static String base64(int crc32c) {
        return Base64.getEncoder()
                .encodeToString(
                        ByteBuffer.allocate(Integer.BYTES).putInt(crc32c).array());
    }

    @Override
    public int abortStaleUploads(Instant before) throws StoreException {
        int count = 0;
        for (MultipartUpload found : uploads()) {
            String key = found.key();
            if (isOurs(key.substring(settings.prefix().length()))
                    && found.initiated().isBefore(before)) {
                upload(key, Throttle.NONE).giveUp(found.uploadId());
                count++;
            }
        }
        return count;
    }

    /** The rest of the bucket may belong to others, who know themselves how long their uploads take. */
    private static boolean isOurs(String key) {
        return key.startsWith(PROBES)
                || Arrays.stream(KeyLayout.values())
                        .anyMatch(layout -> layout.revision(key).isPresent());
    }

    private List<MultipartUpload> uploads() throws StoreException {
        return ask("list uploads to", "", () -> client
                .listMultipartUploadsPaginator(request -> request.bucket(settings.bucket())
                        .prefix(settings.prefix())
                        .requestPayer(payer))
                .uploads()
                .stream()
                .toList());
    }

    @Override
    public void delete(String key) throws StoreException {
        try {
            ask(
                    "delete",
                    key,
                    () -> client.deleteObject(request ->
                            request.bucket(settings.bucket()).key(full(key)).requestPayer(payer)));
        } catch (StoreException e) {
            // Not every store takes the deletion of what is not there.
            if (e.reason() != Reason.NOT_FOUND) {
                throw e;
            }
        }
    }

    @Override
    public Map<String, StoreException> deleteAll(List<String> keys) throws StoreException {
        Map<String, StoreException> failures = new LinkedHashMap<>();
        for (int start = 0; start < keys.size(); start += MOST_IN_ONE_DELETE) {
            failures.putAll(deleteSome(keys.subList(start, Math.min(keys.size(), start + MOST_IN_ONE_DELETE))));
        }
        return failures;
    }

    private Map<String, StoreException> deleteSome(List<String> keys) throws StoreException {
        List<ObjectIdentifier> objects = keys.stream()
                .map(key -> ObjectIdentifier.builder().key(full(key)).build())
                .toList();
        String what = "delete " + keys.size() + " objects, the first";
        DeleteObjectsResponse answer;
        try {
            // A store names what is gone, too, unless it is asked to be quiet.
            answer = ask(
                    what,
                    keys.get(0),
                    () -> client.deleteObjects(request -> request.bucket(settings.bucket())
                            .delete(delete -> delete.objects(objects))
                            .requestPayer(payer)
                            .overrideConfiguration(timeout.forBytes(keys.size() * BYTES_OF_A_KEY))));
        } catch (StoreException e) {
            if (e.reason() != Reason.REFUSED) {
                throw e;
            }
            // Not every store takes several at a time.
            return BlobStore.super.deleteAll(keys);
        }
        // Whatever else is XML, the page of a proxy too, is read as an answer without failures.
        if (answer.deleted().isEmpty() && answer.errors().isEmpty() && !StoreSign.isIn(answer.sdkHttpResponse())) {
            throw new StoreException(
                    Reason.UNAVAILABLE,
                    "cannot " + what + " " + name() + keys.get(0) + ": answered by something else than the store"
                            + " (expected: a header that starts with x-amz- or x-goog-, or names of objects)",
                    null);
        }
        Map<String, StoreException> failures = new LinkedHashMap<>();
        for (S3Error error : answer.errors()) {
            if ("NoSuchKey".equals(error.code())) {
                continue;
            }
            StoreException failure = new StoreException(
                    "AccessDenied".equals(error.code()) ? Reason.DENIED : Reason.REFUSED,
                    "cannot delete s3://" + settings.bucket() + "/" + error.key() + ": " + error.code() + ", "
                            + error.message(),
                    null);
            if (error.key() == null || !error.key().startsWith(settings.prefix())) {
                // It does not say which ones are gone.
                throw failure;
            }
            failures.put(error.key().substring(settings.prefix().length()), failure);
        }
        return failures;
    }

    @Override
    public boolean isEmpty(String start) throws StoreException {
        return first(start).isEmpty();
    }

    private Optional<S3Object> first(String start) throws StoreException {
        ListObjectsV2Request request = ListObjectsV2Request.builder()
                .bucket(settings.bucket())
                .prefix(full(start))
                .maxKeys(1)
                .requestPayer(payer)
                .build();
        return page(request, start).contents().stream().findFirst();
    }

    private ListObjectsV2Response page(ListObjectsV2Request request, String start) throws StoreException {
        ListObjectsV2Response page = ask("list", start, () -> client.listObjectsV2(request));
        // Whatever else is XML, the page of a proxy too, is read as a list of nothing.
        if (page.name() == null && page.isTruncated() == null) {
            throw new StoreException(
                    Reason.UNAVAILABLE,
                    "cannot list " + name() + start + ": answered with something else than a list, so by something else"
                            + " than the store (expected: Name and IsTruncated)",
                    null);
        }
        return page;
    }

    @Override
    public Optional<String> listPage(String start, @Nullable String after, Consumer<StoredObject> each)
            throws StoreException {
        ListObjectsV2Request request = ListObjectsV2Request.builder()
                .bucket(settings.bucket())
                .prefix(full(start))
                .continuationToken(after)
                .requestPayer(payer)
                .build();
        ListObjectsV2Response page = page(request, start);
        for (S3Object found : page.contents()) {
            each.accept(new StoredObject(
                    found.key().substring(settings.prefix().length()),
                    found.size(),
                    Objects.requireNonNullElse(found.eTag(), ""),
                    found.lastModified(),
                    null));
        }
        return next(page, after, start);
    }

    /** What the next page is asked for by. */
    private Optional<String> next(ListObjectsV2Response page, @Nullable String token, String start)
            throws StoreException {
        if (!Boolean.TRUE.equals(page.isTruncated())) {
            return Optional.empty();
        }
        String next = page.nextContinuationToken();
        if (next == null || next.isEmpty() || next.equals(token)) {
            throw new StoreException(
                    Reason.REFUSED,
                    "cannot list " + name() + start + ": there are more objects, and the continuation token is " + next
                            + " after " + token + " (expected: a new one, as ListObjectsV2 has it)",
                    null);
        }
        return Optional.of(next);
    }

    @Override
    public void close() {
        threads.shutdown();
        client.close();
    }
}
