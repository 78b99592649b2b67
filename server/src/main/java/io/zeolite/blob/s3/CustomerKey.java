package io.zeolite.blob.s3;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/** The three headers of a key that goes along with every request (SSE-C); all null if there is none. */
record CustomerKey(
        @Nullable String algorithm,
        @Nullable String key,
        @Nullable String md5) {
    static final CustomerKey NONE = new CustomerKey(null, null, null);

    private static final int KEY_BYTES = 32;

    static CustomerKey of(String base64) {
        byte[] key = Base64.getDecoder().decode(base64);
        if (key.length != KEY_BYTES) {
            throw new IllegalArgumentException(
                    "the customer key has " + key.length + " bytes (expected: " + KEY_BYTES + ", in base64)");
        }
        try {
            byte[] digest = MessageDigest.getInstance("MD5").digest(key);
            return new CustomerKey("AES256", base64, Base64.getEncoder().encodeToString(digest));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has MD5", e);
        }
    }

    @Override
    public String toString() {
        return key == null ? "CustomerKey[none]" : "CustomerKey[...]";
    }
}
