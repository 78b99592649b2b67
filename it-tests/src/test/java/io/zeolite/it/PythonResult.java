package io.zeolite.it;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The last line that a script printed: a flat JSON object. */
public record PythonResult(String json) {
    public long number(String key) {
        return Long.parseLong(value(key, "(-?\\d+)"));
    }

    public String text(String key) {
        return value(key, "\"([^\"\\\\]*)\"");
    }

    private String value(String key, String pattern) {
        Matcher matcher =
                Pattern.compile("\"" + Pattern.quote(key) + "\": " + pattern).matcher(json);
        if (!matcher.find()) {
            throw new AssertionError("result: " + json + " (expected: \"" + key + "\": " + pattern + ")");
        }
        return matcher.group(1);
    }
}
