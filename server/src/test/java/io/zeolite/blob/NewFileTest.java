package io.zeolite.blob;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class NewFileTest {
    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it.
    private Path directory;

    private static void nameTwo(Path place) throws Exception {
        Path first = Files.writeString(place.resolve("first.tmp"), "first");
        NewFile.nameUnlessTaken(first, place.resolve("name"));
        Path second = Files.writeString(place.resolve("second.tmp"), "second");
        assertThatThrownBy(() -> NewFile.nameUnlessTaken(second, place.resolve("name")))
                .isInstanceOf(FileAlreadyExistsException.class);
        assertThat(Files.readString(place.resolve("name"))).isEqualTo("first");
    }

    @Test
    void nameUnlessTaken_secondFile_isNotTaken() throws Exception {
        nameTwo(directory);
    }

    @Test
    void nameUnlessTaken_fileSystemWithoutLinks_isTheSame() throws Exception {
        // A ZIP file, as a file system, has none.
        try (FileSystem zip = FileSystems.newFileSystem(directory.resolve("a.zip"), Map.of("create", "true"))) {
            nameTwo(zip.getPath("/"));
        }
    }
}
