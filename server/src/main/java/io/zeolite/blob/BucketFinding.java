package io.zeolite.blob;

/**
 * Something that was found out about a bucket by trying it.
 *
 * @param subject one or two words
 * @param found what is so, in words
 * @param advice what to do about it; empty if nothing
 */
public record BucketFinding(Level level, String subject, String found, String advice) {
    /** What it means for a storage. */
    public enum Level {
        /** As it should be, or worth knowing. */
        OK,
        /** It works, and could be safer or cheaper. */
        WARNING,
        /** It does not work, or is dangerous. */
        ERROR
    }

    /** As it should be. */
    public static BucketFinding ok(String subject, String found) {
        return new BucketFinding(Level.OK, subject, found, "");
    }

    public static BucketFinding warning(String subject, String found, String advice) {
        return new BucketFinding(Level.WARNING, subject, found, advice);
    }

    public static BucketFinding error(String subject, String found, String advice) {
        return new BucketFinding(Level.ERROR, subject, found, advice);
    }
}
