package io.zeolite.blob.directory;

import io.zeolite.blob.BlobRevision;
import io.zeolite.zodb.Oid;
import io.zeolite.zodb.Tid;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

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

    private static final Pattern FILE_NAME = Pattern.compile("0x([0-9a-f]{2,16})\\.blob");
    private static final Pattern DIRECTORY_NAME = Pattern.compile("0x([0-9a-f]{2,16})");

    /** Where the revisions of an object lie, relative to the blob directory. */
    abstract String directoryName(long oid);

    /** The name of a committed file in the object's directory. */
    static String fileName(long tid) {
        return Tid.toString(tid) + ".blob";
    }

    /** The revision that a file is for, by its path relative to the blob directory; empty if it is none. */
    Optional<BlobRevision> revision(Path relative) {
        Matcher file = FILE_NAME.matcher(String.valueOf(relative.getFileName()));
        Path directory = relative.getParent();
        if (directory == null || !file.matches()) {
            return Optional.empty();
        }
        StringBuilder digits = new StringBuilder();
        for (Path level : directory) {
            Matcher name = DIRECTORY_NAME.matcher(level.toString());
            if (!name.matches()) {
                return Optional.empty();
            }
            digits.append(name.group(1));
        }
        if (digits.length() > 2 * Long.BYTES) {
            return Optional.empty();
        }
        long oid = Long.parseUnsignedLong(digits.toString(), 16);
        long tid = Long.parseUnsignedLong(file.group(1), 16);
        // A path that another layout has made means nothing here.
        return relative.equals(Path.of(directoryName(oid), fileName(tid)))
                ? Optional.of(new BlobRevision(oid, tid))
                : Optional.empty();
    }

    /** What the marker file contains. */
    String marker() {
        return name().toLowerCase(Locale.ROOT);
    }

    /**
     * The layout of a directory, by ZODB's rules: what the marker says; without a marker bushy if there is nothing
     * visible in it (or no directory at all), else lawn, which is older than the marker.
     *
     * @throws IOException if the marker names something else
     */
    static BlobLayout of(Path directory) throws IOException {
        Path marker = directory.resolve(MARKER_FILE);
        String name;
        try {
            name = new String(Files.readAllBytes(marker), StandardCharsets.UTF_8).strip();
        } catch (NoSuchFileException e) {
            return isUnused(directory) ? BUSHY : LAWN;
        }
        for (BlobLayout layout : values()) {
            if (layout.marker().equals(name)) {
                return layout;
            }
        }
        throw new IOException("unknown layout of a blob directory: '" + name + "' in " + marker
                + " (expected: bushy or lawn; 'zeocache' marks the blob cache of a client)");
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
