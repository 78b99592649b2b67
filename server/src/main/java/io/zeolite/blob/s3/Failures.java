package io.zeolite.blob.s3;

import io.zeolite.blob.StoreException;
import io.zeolite.blob.StoreException.Reason;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.SdkException;

/** What the SDK's exceptions mean. */
final class Failures {
    /** What asks to come back later, whatever the status: completing an upload is answered with 200 before it is done. */
    private static final Set<String> PASSING =
            Set.of("InternalError", "ServiceUnavailable", "SlowDown", "RequestTimeout");

    private Failures() {}

    /** @param what was tried, of which object */
    static StoreException of(String what, SdkException failure) {
        return new StoreException(reason(failure), "cannot " + what + ": " + describe(failure), failure);
    }

    private static Reason reason(SdkException failure) {
        if (!(failure instanceof AwsServiceException service)) {
            // No answer: no connection, silence, a name that is not known, credentials that cannot be had right now.
            return Reason.UNAVAILABLE;
        }
        String code = code(service);
        if (code.equals("NoSuchBucket")) {
            return Reason.REFUSED;
        }
        if (code.equals("InvalidObjectState")) {
            return Reason.ARCHIVED;
        }
        if (PASSING.contains(code)) {
            return Reason.UNAVAILABLE;
        }
        return switch (service.statusCode()) {
            // A load balancer says so of a store that is gone. HEAD has no body: the SDK puts a code there itself.
            case 404 -> code.isEmpty() ? Reason.UNAVAILABLE : Reason.NOT_FOUND;
            case 412, 416 -> Reason.CHANGED;
            case 409 -> Reason.CONTENDED;
            case 401, 403 -> code.equals("RequestTimeTooSkewed") ? Reason.REFUSED : Reason.DENIED;
            case 408, 425, 429, 500, 502, 503, 504, 509 -> Reason.UNAVAILABLE;
            default -> Reason.REFUSED;
        };
    }

    private static String code(AwsServiceException failure) {
        String code = failure.awsErrorDetails() == null
                ? null
                : failure.awsErrorDetails().errorCode();
        return code == null ? "" : code;
    }

    private static String describe(SdkException failure) {
        if (failure instanceof AwsServiceException service) {
            AwsErrorDetails details = service.awsErrorDetails();
            String message = details == null ? null : details.errorMessage();
            return "HTTP " + service.statusCode() + withBefore(" ", word(service)) + withBefore(", ", message);
        }
        Throwable root = failure;
        while (root.getCause() != null && root.getCause() != root) {
            root = root.getCause();
        }
        return root == failure ? String.valueOf(failure.getMessage()) : failure.getMessage() + " (" + root + ")";
    }

    /** The code, or what the line with the status says: something between may answer without any XML. */
    private static @Nullable String word(AwsServiceException failure) {
        String code = code(failure);
        AwsErrorDetails details = failure.awsErrorDetails();
        if (!code.isEmpty() || details == null || details.sdkHttpResponse() == null) {
            return code;
        }
        return details.sdkHttpResponse().statusText().orElse(null);
    }

    private static String withBefore(String before, @Nullable String text) {
        return text == null || text.isEmpty() ? "" : before + text;
    }
}
