package io.zeolite.client.blob;

import io.zeolite.zodb.Tid;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Where things lie in a blob cache: the layout that Python's ZEO client calls {@code zeocache}. A revision is in one of
 * 997 directories, that of the oid's remainder, under a name made of the quotient and the tid.
 *
 * <pre>
 * .layout                          "zeocache"
 * .zeolite-ledger                  how many bytes lie in each directory; see {@link Ledger}
 * 0 ... 996/
 *   .lock                          held by whoever adds or removes a file (Python: whoever downloads one)
 *   1234.03f1a2b3c4d5e6f7.blob     a blob
 *   1234.03f1a2b3c4d5e6f7.blob.part  one that arrives, locked by whoever fetches it; its length is what it will have
 * tmp/                             files without a place in the cache, and uploads on their way through; not counted
 * </pre>
 */
final class CacheLayout {
    static final int DIRECTORIES = 997;
    static final String MARKER_FILE = ".layout";
    static final String MARKER = "zeocache";
    static final String BLOB_SUFFIX = ".blob";
    static final String PART_SUFFIX = ".blob.part";

    /** The names in {@code tmp/} of files that are ours; Python's clients have others there. */
    static final String UPLOADS = "zeolite-*.tmp";

    private final Path root;

    CacheLayout(Path root) {
        this.root = root;
    }

    static int number(long oid) {
        return (int) Long.remainderUnsigned(oid, DIRECTORIES);
    }

    Path directory(int number) {
        return root.resolve(Integer.toString(number));
    }

    Path blob(long oid, long tid) {
        return directory(number(oid)).resolve(name(oid, tid) + BLOB_SUFFIX);
    }

    Path part(long oid, long tid) {
        return directory(number(oid)).resolve(name(oid, tid) + PART_SUFFIX);
    }

    private static String name(long oid, long tid) {
        return Long.toUnsignedString(Long.divideUnsigned(oid, DIRECTORIES)) + "." + Tid.toHex(tid);
    }

    Path lock(int number) {
        return directory(number).resolve(".lock");
    }

    Path marker() {
        return root.resolve(MARKER_FILE);
    }

    Path ledger() {
        return root.resolve(".zeolite-ledger");
    }

    Path temporary() {
        return root.resolve("tmp");
    }

    List<Integer> directories() {
        return IntStream.range(0, DIRECTORIES).boxed().toList();
    }
}
