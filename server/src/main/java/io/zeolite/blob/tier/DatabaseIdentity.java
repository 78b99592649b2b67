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
 * one line, a random name and the number of the file's inode. In a copied directory the file has another inode; it is then
 * written anew with another name, so that a copy does not pass for the original.
 */
final class DatabaseIdentity {
    private static final Logger LOG = LoggerFactory.getLogger(DatabaseIdentity.class);

    private static final String FILE = ".zeolite-identity";
    private static final Pattern LINE = Pattern.compile("([0-9a-f-]{36}) ([0-9]+)\\n");

    private DatabaseIdentity() {}

    /** The name, which is on disk when this returns. Several processes may ask at the same time. */
    static String of(Path blobDirectory) throws IOException {
        Path file = blobDirectory.resolve(FILE);
        for (int attempt = 0; ; attempt++) {
            try {
                String line = Files.readString(file, StandardCharsets.US_ASCII);
                Matcher matcher = LINE.matcher(line);
                if (!matcher.matches()) {
                    throw new IOException(file + ": '" + line.strip()
                            + "' (expected: a name and a number; delete the file to have this"
                            + " database taken for a new one)");
                }
                if (Long.parseUnsignedLong(matcher.group(2)) == inode(file)) {
                    return matcher.group(1);
                }
                LOG.warn(
                        "{} is a copy: this database is another one than {} and has to take over a bucket to write there",
                        file,
                        matcher.group(1));
                create(blobDirectory, true);
            } catch (NoSuchFileException e) {
                if (attempt > 0) {
                    throw e;
                }
                create(blobDirectory, false);
            }
        }
    }

    private static long inode(Path file) throws IOException {
        return (long) Files.getAttribute(file, "unix:ino");
    }

    private static void create(Path directory, boolean replace) throws IOException {
        SmallFile.write(directory.resolve(FILE), replace, file -> UUID.randomUUID() + " " + inode(file) + "\n");
    }
}
