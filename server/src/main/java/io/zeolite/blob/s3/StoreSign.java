package io.zeolite.blob.s3;

import java.util.Locale;
import software.amazon.awssdk.http.SdkHttpResponse;

/**
 * Tells the answer of a store from that of a proxy, which may have a status of 200 and an ETag as well. Most stores send a
 * header of their own with each answer; those that do not (Garage) have to be asked by another request.
 */
final class StoreSign {
    private StoreSign() {}

    static boolean isIn(SdkHttpResponse answer) {
        return answer.headers().keySet().stream()
                .map(name -> name.toLowerCase(Locale.ROOT))
                .anyMatch(StoreSign::isOfStore);
    }

    /** CloudFront marks its pages of errors, too. */
    private static boolean isOfStore(String name) {
        return (name.startsWith("x-amz-") && !name.startsWith("x-amz-cf-")) || name.startsWith("x-goog-");
    }
}
