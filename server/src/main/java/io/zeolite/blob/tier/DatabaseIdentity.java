package io.zeolite.blob.tier;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What tells a database from its copies, in the eyes of a bucket: the file {@code .zeolite-identity} in its blob directory,
 * one line, a random name and the numbers of two inodes: of the file, and of the directory. In a copied directory the file has
 * another inode, and if it is a hard link, the directory has; it is then written anew with another name, so that a copy does not
 * pass for the original. A directory that is moved within its file system keeps both.
 */
final class DatabaseIdentity {
    private static final Logger LOG = LoggerFactory.getLogger(DatabaseIdentity.class);

    private static final String FILE = ".zeolite-identity";
    /** The second number was not written always. */
    private static final Pattern LINE = Pattern.compile("([0-9a-f-]{36}) ([0-9]+)(?: ([0-9]+))?\\n");

    private DatabaseIdentity() {}

    /** The name, which is on disk when this returns. Several processes may ask at the same time. */
    static String of(Path blobDirectory) throws IOException {
        Path file = blobDirectory.resolve(FILE);
        for (int attempt = 0; ; attempt++) {
            try {
                long inode = inode(file);
                String line = Files.readString(file, StandardCharsets.US_ASCII);
                if (inode(file) != inode) {
                    // Another process has written it anew meanwhile.
                    continue;
                }
                Matcher matcher = LINE.matcher(line);
                if (!matcher.matches()) {
                    throw new IOException(file + ": '" + line.strip()
                            + "' (expected: a name and two numbers; delete the file to have this"
                            + " database taken for a new one)");
                }
                String name = matcher.group(1);
                boolean sameFile = Long.parseUnsignedLong(matcher.group(2)) == inode;
                if (sameFile && matcher.group(3) == null) {
                    noteDirectory(blobDirectory, name);
                    return name;
                }
                if (sameFile && Long.parseUnsignedLong(matcher.group(3)) == inode(blobDirectory)) {
                    return name;
                }
                LOG.warn(
                        "{} is a copy: this database is another one than {} and has to take over a bucket to write there",
                        file,
                        name);
                create(blobDirectory, newName(), true);
            } catch (NoSuchFileException e) {
                if (attempt > 0) {
                    throw e;
                }
                create(blobDirectory, newName(), false);
            }
        }
    }

    private static long inode(Path file) throws IOException {
        return (long) Files.getAttribute(file, "unix:ino");
    }

    private static void noteDirectory(Path blobDirectory, String name) {
        try {
            create(blobDirectory, name, true);
        } catch (IOException e) {
            // If the disk is full, blobs have to go to the store all the more.
            LOG.warn("{} cannot be written anew: {}", blobDirectory.resolve(FILE), e.toString());
        }
    }

    private static String newName() {
        return UUID.randomUUID().toString();
    }

    private static void create(Path directory, String name, boolean replace) throws IOException {
        SmallFile.write(
                directory.resolve(FILE), replace, file -> name + " " + inode(file) + " " + inode(directory) + "\n");
    }
}
