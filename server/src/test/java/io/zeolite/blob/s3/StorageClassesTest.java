package io.zeolite.blob.s3;

import static org.assertj.core.api.Assertions.assertThat;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.services.s3.model.HeadObjectResponse;

final class StorageClassesTest {
    private static final String RESTORED = "ongoing-request=\"false\", expiry-date=\"Fri, 21 Dec 2029 00:00:00 GMT\"";

    private static @Nullable String archive(String storageClass, @Nullable String restore, boolean isAws) {
        return StorageClasses.archive(
                HeadObjectResponse.builder()
                        .storageClass(storageClass)
                        .restore(restore)
                        .build(),
                isAws);
    }

    @Test
    void archive_classOfAws_staysOneWhateverIsRestored() {
        assertThat(archive("GLACIER", null, true)).isEqualTo("GLACIER");
        assertThat(archive("GLACIER", RESTORED, true)).isEqualTo("GLACIER");
        assertThat(archive("DEEP_ARCHIVE", RESTORED, true)).isEqualTo("DEEP_ARCHIVE");
        assertThat(archive("GLACIER_IR", null, true)).isNull();
    }

    @Test
    void archive_classOfAnotherStore_isOneIfItIsRestoredFrom() {
        assertThat(archive("GLACIER", null, false)).isNull();
        assertThat(archive("GLACIER", RESTORED, false)).isEqualTo("GLACIER");
    }
}
