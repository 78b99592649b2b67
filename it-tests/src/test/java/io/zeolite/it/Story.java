package io.zeolite.it;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;

/** The ends of what processes wrote, for the reader of a failed test. */
final class Story {
    private static final int LINES = 150;

    private Story() {}

    static String of(String title, Path... files) {
        StringBuilder story = new StringBuilder("=== ").append(title).append('\n');
        for (Path file : files) {
            List<String> lines = read(file).lines().toList();
            if (!lines.isEmpty()) {
                story.append("--- ").append(file).append('\n');
                lines.subList(Math.max(0, lines.size() - LINES), lines.size())
                        .forEach(line -> story.append(line).append('\n'));
            }
        }
        return story.toString();
    }

    /** The text of a file, with what is not UTF-8 in it replaced; nothing when there is no such file. */
    static String read(Path file) {
        try {
            return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
        } catch (NoSuchFileException e) {
            return "";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
