package io.zeolite.blob.tier;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.Set;

/**
 * Where a database has written as the owner: the file {@code .zeolite-claims} in its blob directory, a line for each place. If the
 * marker is gone from one of these, it is not the place that it was: a disk is not mounted, or somebody has emptied it.
 *
 * <p>The file is written anew for each new place. Of two processes that do so at the same time, one may be forgotten until its
 * next claim.
 */
final class Claims {
    private static final String FILE = ".zeolite-claims";

    private final Path file;

    Claims(Path blobDirectory) {
        this.file = blobDirectory.resolve(FILE);
    }

    Path file() {
        return file;
    }

    boolean has(String place) throws IOException {
        return read().contains(place);
    }

    private Set<String> read() throws IOException {
        try {
            return new LinkedHashSet<>(Files.readAllLines(file));
        } catch (NoSuchFileException e) {
            return new LinkedHashSet<>();
        }
    }

    /** On disk when this returns. */
    void note(String place) throws IOException {
        Set<String> places = read();
        places.add(place);
        SmallFile.write(file, true, unfinished -> String.join("\n", places) + "\n");
    }
}
