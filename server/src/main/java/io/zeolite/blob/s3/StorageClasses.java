package io.zeolite.blob.s3;

import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.s3.model.HeadObjectResponse;

/**
 * The classes whose objects have to be restored, which takes minutes to days, before they can be read. They are AWS's: other
 * stores name theirs as they like.
 */
public final class StorageClasses {
    private static final Set<String> ARCHIVES = Set.of("GLACIER", "DEEP_ARCHIVE");

    private StorageClasses() {}

    /** Not so {@code GLACIER_IR}, which is read at once. */
    public static boolean isArchive(String storageClass) {
        return ARCHIVES.contains(storageClass.toUpperCase(Locale.ROOT));
    }

    /**
     * What is restored is in its archive all the same, and cannot be read any more some days later.
     *
     * @return the archive in which an object is; null if it is in none
     */
    static @Nullable String archive(HeadObjectResponse object, boolean isAws) {
        // Intelligent tiering moves objects to archives, and leaves them their class.
        String tier = object.archiveStatusAsString();
        if (tier != null) {
            return object.storageClassAsString() + " (" + tier + ")";
        }
        String storageClass = object.storageClassAsString();
        boolean isNamedSo = storageClass != null && isArchive(storageClass);
        return isNamedSo && (isAws || object.restore() != null) ? storageClass : null;
    }
}
