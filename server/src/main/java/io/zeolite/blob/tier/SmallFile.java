package io.zeolite.blob.tier;

import io.zeolite.blob.NewFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A file of the blob directory that is written whole: complete and on disk before it has its name. */
final class SmallFile {
    private static final Logger LOG = LoggerFactory.getLogger(SmallFile.class);

    private SmallFile() {}

    /** What a file is to have. */
    interface Content {
        /** @param unfinished the file, under another name */
        String of(Path unfinished) throws IOException;
    }

    /** @param replace whether it takes the place of one that is there; otherwise that one stays */
    static void write(Path file, boolean replace, Content content) throws IOException {
        Path directory = file.resolveSibling("");
        Path unfinished = Files.createTempFile(directory, file.getFileName().toString(), ".tmp");
        try {
            Files.writeString(unfinished, content.of(unfinished), StandardCharsets.UTF_8);
            NewFile.giveToOwnerOf(directory, unfinished);
            NewFile.force(unfinished);
            if (replace) {
                Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE);
            } else {
                NewFile.nameUnlessTaken(unfinished, file);
            }
            NewFile.force(directory);
        } catch (FileAlreadyExistsException e) {
            LOG.debug("{} was written by another process", file);
        } finally {
            Files.deleteIfExists(unfinished);
        }
    }
}
