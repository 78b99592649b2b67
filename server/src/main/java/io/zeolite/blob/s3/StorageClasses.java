package io.zeolite.blob.s3;

import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.s3.model.HeadObjectResponse;

/** The classes whose objects have to be restored, which takes minutes to days, before they can be read. */
public final class StorageClasses {
    private static final Set<String> ARCHIVES = Set.of("GLACIER", "DEEP_ARCHIVE");

    private static final String RESTORED = "ongoing-request=\"false\"";

    private StorageClasses() {}

    /** Not so {@code GLACIER_IR}, which is read at once. */
    public static boolean isArchive(String storageClass) {
        return ARCHIVES.contains(storageClass.toUpperCase(Locale.ROOT));
    }

    /** @return the archive in which an object is that has not been restored; null if it can be read */
    static @Nullable String archive(HeadObjectResponse object) {
        String storageClass = object.storageClassAsString();
        // Intelligent tiering moves objects to archives, and leaves them their class.
        String tier = object.archiveStatusAsString();
        boolean archived = tier != null || (storageClass != null && isArchive(storageClass));
        if (!archived || ("" + object.restore()).contains(RESTORED)) {
            return null;
        }
        return tier == null ? storageClass : storageClass + " (" + tier + ")";
    }
}
