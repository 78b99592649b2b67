package io.zeolite.client.blob;

import io.zeolite.zodb.Tid;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Looks into the directory of a cache, Python's or ours, from outside: nothing is changed, and nothing counts as a use. */
public final class CacheFiles {
    private static final Pattern NAME = Pattern.compile("([0-9]{1,20})\\.([0-9a-f]{16})\\.blob");

    private CacheFiles() {}

    /** Is given the blobs that are there, in no particular order. */
    public interface Visitor {
        /** @param size in bytes */
        void visit(long oid, long tid, long size);
    }

    /** Where the file of a revision is, whether it exists or not. */
    public static Path path(Path cache, long oid, long tid) {
        return new CacheLayout(cache).blob(oid, tid);
    }

    /** Visits all that is there; a directory that does not exist has nothing. What disappears meanwhile is passed over. */
    public static void forEach(Path cache, Visitor visitor) throws IOException {
        CacheLayout layout = new CacheLayout(cache);
        for (int number : layout.directories()) {
            try (DirectoryStream<Path> files = Files.newDirectoryStream(layout.directory(number), "*.blob")) {
                for (Path file : files) {
                    visit(number, file, visitor);
                }
            } catch (NoSuchFileException e) {
                // Nothing has come to it yet.
            } catch (DirectoryIteratorException e) {
                throw e.getCause();
            }
        }
    }

    private static void visit(int number, Path file, Visitor visitor) throws IOException {
        Matcher name = NAME.matcher(file.getFileName().toString());
        if (!name.matches()) {
            return;
        }
        try {
            long oid = Long.parseUnsignedLong(name.group(1)) * CacheLayout.DIRECTORIES + number;
            long tid = Long.parseUnsignedLong(name.group(2), 16);
            if (tid != Tid.NONE) {
                visitor.visit(oid, tid, Files.size(file));
            }
        } catch (NoSuchFileException e) {
            // Evicted since the directory was read.
        } catch (NumberFormatException e) {
            // Too large for an oid: somebody else's.
        }
    }
}
