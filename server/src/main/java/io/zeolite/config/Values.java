package io.zeolite.config;

import io.zeolite.config.zconfig.KeyValue;
import io.zeolite.config.zconfig.Position;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The values of a section whose keys have all been checked. */
final class Values {
    /** A value and the line that it comes from. */
    record Given(Object value, KeyValue line) {}

    private final Position section;
    /** By the name of the key. */
    private final Map<String, Given> given;

    Values(Position section, Map<String, Given> given) {
        this.section = section;
        this.given = Map.copyOf(given);
    }

    /** The value of a key that is required or has a default. */
    <T> T get(Key<T> key) {
        return Objects.requireNonNull(find(key), key.name());
    }

    /** The value of a key, or its default, or null. */
    <T> @Nullable T find(Key<T> key) {
        Given known = given.get(key.name());
        if (known == null) {
            return key.absent();
        }
        // The value was made by the datatype of this very key.
        @SuppressWarnings("unchecked")
        T value = (T) known.value();
        return value;
    }

    boolean has(Key<?> key) {
        return given.containsKey(key.name());
    }

    /** Where a key was given, or else where its section starts. */
    Position position(Key<?> key) {
        Given known = given.get(key.name());
        return known == null ? section : known.line().position();
    }
}
