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
    void of_copyOfHardLinks_isAnother() throws IOException {
        Path blobs = Files.createDirectories(directory.resolve("blobs"));
        String original = DatabaseIdentity.of(blobs);
        Path copy = Files.createDirectories(directory.resolve("copy"));
        Files.createLink(copy.resolve(".zeolite-identity"), blobs.resolve(".zeolite-identity"));
        assertThat(DatabaseIdentity.of(copy)).isNotEqualTo(original);
        assertThat(DatabaseIdentity.of(blobs)).isEqualTo(original);
    }

    @Test
    void of_movedDirectory_isTheSame() throws IOException {
        Path blobs = Files.createDirectories(directory.resolve("site/blobs"));
        String original = DatabaseIdentity.of(blobs);
        Files.move(blobs, directory.resolve("site/moved"));
        Files.move(directory.resolve("site"), directory.resolve("other"));
        assertThat(DatabaseIdentity.of(directory.resolve("other/moved"))).isEqualTo(original);
    }

    @Test
    void of_fileWithoutTheInodeOfTheDirectory_isTakenAsItIsAndGetsIt() throws IOException {
        String original = DatabaseIdentity.of(directory);
        Path file = directory.resolve(".zeolite-identity");
        Files.writeString(file, original + " " + Files.getAttribute(file, "unix:ino") + "\n");
        assertThat(DatabaseIdentity.of(directory)).isEqualTo(original);
        assertThat(Files.readString(file))
                .isEqualTo(original + " " + Files.getAttribute(file, "unix:ino") + " "
                        + Files.getAttribute(directory, "unix:ino") + "\n");
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
