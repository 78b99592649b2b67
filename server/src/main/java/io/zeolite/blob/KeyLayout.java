package io.zeolite.blob;

import io.zeolite.zodb.Tid;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** How the revisions of blobs are named in a store. */
public enum KeyLayout {
    /** {@code <oid><tid>.blob}, sixteen hex digits each: as {@code collective.s3blobs} and {@code s3blobserver} write it. */
    FLAT("", "([0-9a-f]{16})([0-9a-f]{16})\\.blob") {
        @Override
        public String key(long oid, long tid) {
            return Tid.toHex(oid) + Tid.toHex(tid) + ".blob";
        }
    },

    /** {@code blobs/<oid>/<tid>.blob}, hex without leading zeros: as {@code zodb-s3blobs} writes it. */
    NESTED("blobs/", "blobs/(0|[1-9a-f][0-9a-f]{0,15})/(0|[1-9a-f][0-9a-f]{0,15})\\.blob") {
        @Override
        public String key(long oid, long tid) {
            return "blobs/" + Long.toHexString(oid) + "/" + Long.toHexString(tid) + ".blob";
        }
    };

    private final String start;
    private final Pattern pattern;

    KeyLayout(String start, String pattern) {
        this.start = start;
        this.pattern = Pattern.compile(pattern);
    }

    /** The key of a revision, below the store's prefix. */
    public abstract String key(long oid, long tid);

    /** What all keys of this layout start with. */
    public String start() {
        return start;
    }

    /** The revision that a key is for; empty if it is not a key of this layout. */
    public Optional<BlobRevision> revision(String key) {
        Matcher matcher = pattern.matcher(key);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        return Optional.of(new BlobRevision(
                Long.parseUnsignedLong(matcher.group(1), 16), Long.parseUnsignedLong(matcher.group(2), 16)));
    }
}
