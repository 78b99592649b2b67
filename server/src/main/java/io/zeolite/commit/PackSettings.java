package io.zeolite.commit;

/**
 * How a local storage is packed.
 *
 * @param keepOldBlobs whether blobs that are packed away are moved to the directory beside that of the blobs whose name
 *     ends in {@code .old}, or deleted
 * @param bytesPerSecond how much is read and written at the most, taken together; 0 for no limit
 */
public record PackSettings(boolean keepOldBlobs, long bytesPerSecond) {
    public static final PackSettings DEFAULT = new PackSettings(true, 0);
}
