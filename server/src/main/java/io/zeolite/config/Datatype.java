package io.zeolite.config;

import org.jspecify.annotations.Nullable;

/**
 * How the text of a key becomes a value.
 *
 * @param expected what the text has to be, for the message to whoever wrote something else
 */
record Datatype<T>(String expected, Conversion<T> conversion) {
    /** Reads a text. */
    @FunctionalInterface
    interface Conversion<T> {
        /** @return null if the text is not what was expected */
        @Nullable
        T convert(String text, ConfigEnvironment environment);
    }
}
