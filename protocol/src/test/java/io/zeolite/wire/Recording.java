package io.zeolite.wire;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/**
 * Frames recorded between a Python client and a Python server, in {@code golden/frames_Z.json} and
 * {@code golden/frames_M.json}: a list of {@code [connection, direction, hex]}, between headings.
 */
final class Recording {
    private static final Pattern ENTRY = Pattern.compile("\\[(\\d+), \"([^\"]*)\", \"([^\"]*)\"]");

    /** One frame: its direction is {@code C>S} or {@code S>C}. */
    record Frame(int connection, String direction, String hex) {
        /** The two bytes of a handshake, {@code ruok}, or the JSON that answers it. */
        boolean isHandshake() {
            return List.of("5a35", "4d35", "72756f6b").contains(hex) || hex.startsWith("7b22");
        }
    }

    private Recording() {}

    static List<Frame> frames(String letter) {
        return ENTRY.matcher(resource("frames_" + letter + ".json"))
                .results()
                .map(Recording::frame)
                .filter(frame -> !frame.direction().equals("###"))
                .toList();
    }

    private static Frame frame(MatchResult entry) {
        return new Frame(Integer.parseInt(entry.group(1)), entry.group(2), entry.group(3));
    }

    static String resource(String name) {
        try (InputStream in = Recording.class.getResourceAsStream("/golden/" + name)) {
            if (in == null) {
                throw new IllegalStateException("resource: /golden/" + name + " is missing");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new IllegalStateException("resource: /golden/" + name, e);
        }
    }
}
