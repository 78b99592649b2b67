package io.zeolite.blob.tier;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class DatabaseIdentityTest {
    private static final int NOBODY = 65534;

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it.
    private Path directory;

    @Test
    void of_sameDirectory_isTheSame() throws IOException {
        assertThat(DatabaseIdentity.of(directory))
                .isEqualTo(DatabaseIdentity.of(directory))
                .hasSize(36);
    }

    @Test
    void of_copiedDirectory_isAnother() throws IOException {
        String original = DatabaseIdentity.of(directory);
        Path file = directory.resolve(".zeolite-identity");
        Path copy = Files.copy(file, directory.resolve("copy"));
        Files.move(copy, file, StandardCopyOption.REPLACE_EXISTING);
        assertThat(DatabaseIdentity.of(directory)).isNotEqualTo(original);
    }

    @Test
    void of_directoryOfAnotherUser_belongsToThatUser() throws IOException {
        try {
            Files.setAttribute(directory, "unix:uid", NOBODY);
            Files.setAttribute(directory, "unix:gid", NOBODY);
        } catch (IOException e) {
            Assumptions.abort("only root can give a directory to somebody else: " + e);
        }
        DatabaseIdentity.of(directory);
        Path file = directory.resolve(".zeolite-identity");
        assertThat(Files.getAttribute(file, "unix:uid")).isEqualTo(NOBODY);
        assertThat(Files.getAttribute(file, "unix:gid")).isEqualTo(NOBODY);
    }
}
