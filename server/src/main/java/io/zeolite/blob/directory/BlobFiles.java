package io.zeolite.blob.directory;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Walks over the committed files of a blob directory without changing anything. Others may be writing to it. */
public final class BlobFiles {
    private static final String SUFFIX = ".blob";
    private static final int MAX_DEPTH = Long.BYTES;

    private final BlobLayout layout;
    private final Path root;

    /** Is given what is there, in no particular order. */
    public interface Visitor {
        /** A committed file. */
        void file(long oid, long tid, Path path) throws IOException;

        /** A file of which the layout knows nothing. */
        default void stray(Path path) throws IOException {}
    }

    /** @throws IOException if there is no such directory, or its marker names a layout that is not ZODB's */
    public BlobFiles(Path directory) throws IOException {
        this(directory, BlobLayout.of(directory));
    }

    BlobFiles(Path directory, BlobLayout layout) throws NoSuchFileException {
        if (!Files.isDirectory(directory)) {
            throw new NoSuchFileException(directory.toString());
        }
        this.root = directory;
        this.layout = layout;
    }

    /** Where the file of a revision is, or should be. */
    public Path path(long oid, long tid) {
        return root.resolve(layout.directoryName(oid)).resolve(BlobLayout.fileName(tid));
    }

    /** Visits all files. What disappears meanwhile is passed over. */
    public void forEach(Visitor visitor) throws IOException {
        walk(root, 0, 0, visitor);
    }

    private void walk(Path directory, int depth, long oid, Visitor visitor) throws IOException {
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
            for (Path entry : entries) {
                String name = entry.getFileName().toString();
                boolean own = depth == 0 && (name.startsWith(".") || name.equals("tmp"));
                if (!own) {
                    visit(entry, name, depth, oid, visitor);
                }
            }
        } catch (NoSuchFileException e) {
            // A pack has removed it meanwhile; or it is the visitor who misses a file.
            if (!directory.toString().equals(e.getFile())) {
                throw e;
            }
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
    }

    private void visit(Path entry, String name, int depth, long oid, Visitor visitor) throws IOException {
        boolean complete = depth == (layout == BlobLayout.BUSHY ? MAX_DEPTH : 1);
        if (complete) {
            Long tid = name.endsWith(SUFFIX) ? number(name.substring(0, name.length() - SUFFIX.length())) : null;
            if (tid == null || !path(oid, tid).equals(entry)) {
                visitor.stray(entry);
            } else {
                visitor.file(oid, tid, entry);
            }
            return;
        }
        Long part = number(name);
        if (part == null || !Files.isDirectory(entry, LinkOption.NOFOLLOW_LINKS)) {
            visitor.stray(entry);
        } else {
            walk(entry, depth + 1, layout == BlobLayout.BUSHY ? oid << Byte.SIZE | part : part, visitor);
        }
    }

    /** A number as ZODB names files by; null if the name is something else. */
    private static @Nullable Long number(String name) {
        if (!name.startsWith("0x")) {
            return null;
        }
        try {
            return Long.parseUnsignedLong(name.substring(2), 16);
        } catch (NumberFormatException e) {
            return null;
        }
    }
}
