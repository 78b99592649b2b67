package io.zeolite.blob.directory;

import io.zeolite.zodb.Oid;
import io.zeolite.zodb.Tid;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** How a blob directory spreads its objects over subdirectories. The marker file in it names the layout. */
enum BlobLayout {
    /** Eight levels, one for each byte of the oid, the most significant first: {@code 0x00/0x00/.../0x01}. */
    BUSHY {
        @Override
        String directoryName(long oid) {
            StringBuilder name = new StringBuilder(5 * Long.BYTES);
            for (int shift = Long.SIZE - Byte.SIZE; shift >= 0; shift -= Byte.SIZE) {
                name.append(Oid.toString(oid >>> shift & 0xff));
                if (shift > 0) {
                    name.append('/');
                }
            }
            return name.toString();
        }
    },

    /** One directory for each oid, all side by side: {@code 0x01}. */
    LAWN {
        @Override
        String directoryName(long oid) {
            return Oid.toString(oid);
        }
    };

    static final String MARKER_FILE = ".layout";

    /** Where the revisions of an object lie, relative to the blob directory. */
    abstract String directoryName(long oid);

    /** The name of a committed file in the object's directory. */
    static String fileName(long tid) {
        return Tid.toString(tid) + ".blob";
    }

    /** What the marker file contains. */
    String marker() {
        return name().toLowerCase(Locale.ROOT);
    }

    /**
     * The layout of a directory, by ZODB's rules: what the marker says; without a marker bushy if there is nothing
     * visible in it (or no directory at all), else lawn, which is older than the marker.
     *
     * @throws IOException if the marker names something else, or is missing from what is no lawn
     */
    static BlobLayout of(Path directory) throws IOException {
        Path marker = directory.resolve(MARKER_FILE);
        String name;
        try {
            name = new String(Files.readAllBytes(marker), StandardCharsets.UTF_8).strip();
        } catch (NoSuchFileException e) {
            if (isUnused(directory)) {
                return BUSHY;
            }
            @Nullable Path bushy = bushyEntry(directory);
            if (bushy != null) {
                throw new IOException(marker + " is missing, and " + bushy + " is a directory, as in the layout bushy"
                        + " (expected: the word bushy in that file; or, as in a lawn, no such directory)");
            }
            return LAWN;
        }
        for (BlobLayout layout : values()) {
            if (layout.marker().equals(name)) {
                return layout;
            }
        }
        throw new IOException("unknown layout of a blob directory: '" + name + "' in " + marker
                + " (expected: bushy or lawn; 'zeocache' marks the blob cache of a client)");
    }

    /**
     * A directory that a lawn would not have, if there is one. {@code cp -r blobs/* other/} leaves a bushy tree without its marker,
     * and a server that takes it for a lawn, as ZODB does, finds no blobs in it but those that it stores.
     */
    static @Nullable Path bushyEntry(Path directory) throws IOException {
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory.resolve("0x00"), "0x??")) {
            for (Path entry : entries) {
                if (Files.isDirectory(entry)) {
                    return entry;
                }
            }
            return null;
        } catch (NoSuchFileException | NotDirectoryException e) {
            return null;
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
    }

    private static boolean isUnused(Path directory) throws IOException {
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
            for (Path entry : entries) {
                if (!entry.getFileName().toString().startsWith(".")) {
                    return false;
                }
            }
            return true;
        } catch (NoSuchFileException e) {
            return true;
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
    }
}
