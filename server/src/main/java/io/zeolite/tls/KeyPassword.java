package io.zeolite.tls;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Where the password of a private key comes from. It is asked for each time that the key is read, and never shown. */
public final class KeyPassword {
    /** For a key that is not encrypted. */
    public static final KeyPassword NONE = new KeyPassword(null, null);

    private final @Nullable Path file;
    private final @Nullable String value;

    private KeyPassword(@Nullable Path file, @Nullable String value) {
        this.file = file;
        this.value = value;
    }

    /** The first line of a file. */
    public static KeyPassword inFile(Path file) {
        return new KeyPassword(file, null);
    }

    public static KeyPassword of(String value) {
        return new KeyPassword(null, value);
    }

    @Nullable
    Path file() {
        return file;
    }

    /** @return null if there is none */
    char @Nullable [] read() throws IOException {
        if (file != null) {
            List<String> lines = Files.readAllLines(file);
            return (lines.isEmpty() ? "" : lines.get(0)).toCharArray();
        }
        return value == null ? null : value.toCharArray();
    }

    @Override
    public String toString() {
        return file == null ? value == null ? "none" : "given" : "in " + file;
    }
}
