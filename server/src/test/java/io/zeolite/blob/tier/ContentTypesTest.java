package io.zeolite.blob.tier;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ContentTypesTest {
    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it.
    private Path home;

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            ignoreLeadingAndTrailingWhitespace = true,
            value = {
                "%PDF-1.7 and more of it       | application/pdf",
                "RIFF1234WEBPVP8 and more      | image/webp",
                "RIFF1234WAVEfmt and more      | audio/wav",
                "1234ftypisom                  | video/mp4",
                "1234ftypqt  and more          | video/quicktime",
                "GIF89a                        | image/gif",
                "GIF                           | application/octet-stream",
                "<html><script>alert(1)        | application/octet-stream",
                "''                            | application/octet-stream",
            })
    void of_firstBytes_isWhatTheySay(String content, String type) throws IOException {
        Path file = Files.write(home.resolve("file"), content.getBytes(StandardCharsets.ISO_8859_1));
        assertThat(ContentTypes.of(file)).isEqualTo(type);
    }
}
