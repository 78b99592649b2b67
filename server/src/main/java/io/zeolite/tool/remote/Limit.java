package io.zeolite.tool.remote;

import io.zeolite.tool.ExitStatus;
import org.jspecify.annotations.Nullable;

/**
 * How high a figure of a storage may be.
 *
 * @param critical above this it is critical; null if it never is
 */
public record Limit(double warning, @Nullable Double critical) {
    /** Reads {@code WARNING} or {@code WARNING,CRITICAL}; null if the text is something else. */
    public static @Nullable Limit parse(String text) {
        try {
            int comma = text.indexOf(',');
            if (comma < 0) {
                return new Limit(Double.parseDouble(text), null);
            }
            return new Limit(Double.parseDouble(text.substring(0, comma)), Double.valueOf(text.substring(comma + 1)));
        } catch (NumberFormatException e) {
            return null;
        }
    }

    int levelOf(double value) {
        if (critical != null && value > critical) {
            return ExitStatus.CRITICAL;
        }
        return value > warning ? ExitStatus.WARNING : ExitStatus.OK;
    }
}
