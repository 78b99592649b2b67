package io.zeolite.config;

import org.jspecify.annotations.Nullable;

/**
 * A key of a section.
 *
 * @param absent the value if the key is not given; null if there is none
 * @param required whether it must be given
 * @param description what it does, in a sentence for the operator
 */
record Key<T>(String name, Datatype<T> type, @Nullable T absent, boolean required, String description) {
    static <T> Key<T> required(String name, Datatype<T> type, String description) {
        return new Key<>(name, type, null, true, description);
    }

    static <T> Key<T> optional(String name, Datatype<T> type, String description) {
        return new Key<>(name, type, null, false, description);
    }

    static <T> Key<T> withDefault(String name, Datatype<T> type, T absent, String description) {
        return new Key<>(name, type, absent, false, description);
    }
}
