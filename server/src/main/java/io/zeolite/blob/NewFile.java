package io.zeolite.blob;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A file that is complete before it has its name. */
public final class NewFile {
    private static final Logger LOG = LoggerFactory.getLogger(NewFile.class);

    private NewFile() {}

    /**
     * Gives a complete file another name, unless there is a file of that name. It may keep the one that it has.
     *
     * <p>Of several who do so at the same time one is first, and the others fail; but where the file system has no hard links, they
     * may replace each other's files. Nobody sees half a file.
     *
     * @throws FileAlreadyExistsException if there is one
     */
    public static void nameUnlessTaken(Path file, Path name) throws IOException {
        try {
            // Unlike a rename it fails if another process was faster.
            Files.createLink(name, file);
            return;
        } catch (FileAlreadyExistsException e) {
            throw e;
        } catch (FileSystemException | UnsupportedOperationException e) {
            // FAT and some network file systems have no links. If it is something else, that comes up again.
            if (Files.exists(name)) {
                throw new FileAlreadyExistsException(name.toString());
            }
        }
        Files.move(file, name, StandardCopyOption.ATOMIC_MOVE);
    }

    /** Makes what a file has, or the names in a directory, survive a crash of the machine. */
    public static void force(Path path) throws IOException {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    /**
     * Gives something to the owner of a directory, as far as this process may: root may be the one who makes it, and the server,
     * as another user, has to be able to work with it.
     */
    public static void giveToOwnerOf(Path directory, Path file) {
        try {
            for (String attribute : List.of("unix:gid", "unix:uid")) {
                Object wanted = Files.getAttribute(directory, attribute);
                if (!wanted.equals(Files.getAttribute(file, attribute, LinkOption.NOFOLLOW_LINKS))) {
                    Files.setAttribute(file, attribute, wanted, LinkOption.NOFOLLOW_LINKS);
                }
            }
        } catch (IOException e) {
            // Only root may do so; for whoever else has access to the directory it stays as it is.
            LOG.debug("{} keeps its owner: {}", file, e.toString());
        }
    }
}
