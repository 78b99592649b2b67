package io.zeolite.blob.tier;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Where a database has written as the owner: the file {@code .zeolite-claims} in its blob directory, a line for each place. If the
 * marker is gone from one of these, it is not the place that it was: a disk is not mounted, or somebody has emptied it. With the
 * place stands the {@code bucket-takeover} that was given, which is done then, and not done again as long as it is left in.
 *
 * <p>The file is written anew for each new place. Of two processes that do so at the same time, one may be forgotten until its
 * next claim.
 */
final class Claims {
    /** No takeover. */
    static final String NONE = "";

    private static final String FILE = ".zeolite-claims";
    private static final String TAKEOVER = " bucket-takeover ";
    private static final Pattern LINE = Pattern.compile("(.*?)(?:" + TAKEOVER + "([0-9a-z-]+))?");

    private final Path file;

    Claims(Path blobDirectory) {
        this.file = blobDirectory.resolve(FILE);
    }

    Path file() {
        return file;
    }

    /** What was taken over when a place was claimed, or {@link #NONE}; null if it never was claimed. */
    @Nullable
    String takeover(String place) throws IOException {
        return read().get(place);
    }

    /** Those that were claimed. */
    Set<String> places() throws IOException {
        return read().keySet();
    }

    private Map<String, String> read() throws IOException {
        Map<String, String> takeovers = new LinkedHashMap<>();
        try {
            for (String line : Files.readAllLines(file)) {
                Matcher matcher = LINE.matcher(line);
                if (matcher.matches()) {
                    takeovers.put(matcher.group(1), Objects.requireNonNullElse(matcher.group(2), NONE));
                }
            }
        } catch (NoSuchFileException e) {
            // None yet.
        }
        return takeovers;
    }

    /** On disk when this returns. */
    void note(String place, String takeover) throws IOException {
        Map<String, String> takeovers = read();
        takeovers.put(place, takeover);
        StringBuilder lines = new StringBuilder();
        takeovers.forEach((claimed, done) -> lines.append(claimed)
                .append(done.equals(NONE) ? "" : TAKEOVER + done)
                .append('\n'));
        SmallFile.write(file, true, unfinished -> lines.toString());
    }
}
