package io.zeolite.config;

import io.zeolite.config.zconfig.ConfigException;
import io.zeolite.config.zconfig.KeyValue;
import io.zeolite.config.zconfig.Section;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What may stand in a section of one type.
 *
 * @param name the type, or empty for what stands outside of all sections
 * @param sections the types of sections that may stand in it
 * @param unsupported those that Python's server or another storage package knows and this server does not, each with what
 *     is expected in its place; nothing if any of the others will do
 */
record SectionType(String name, List<Key<?>> keys, List<String> sections, Map<String, String> unsupported) {
    static SectionType of(String name, Key<?>... keys) {
        return new SectionType(name, List.of(keys), List.of(), Map.of());
    }

    /**
     * Checks everything that stands in a section, but not what stands in the sections within.
     *
     * @throws ConfigException if a key or a section does not belong here, is missing, or has a value of the wrong form
     */
    Values read(Section section, ConfigEnvironment environment) throws ConfigException {
        for (Section inner : section.sections()) {
            checkAllowed(inner);
        }
        Map<String, Values.Given> given = new HashMap<>();
        for (KeyValue line : section.keys()) {
            Key<?> key = key(line);
            if (given.containsKey(key.name())) {
                throw new ConfigException(line.position(), "key \"" + key.name() + "\" is given twice (expected once)");
            }
            given.put(key.name(), new Values.Given(convert(key.type(), line, environment), line));
        }
        for (Key<?> key : keys) {
            if (key.required() && !given.containsKey(key.name())) {
                throw new ConfigException(
                        section.position(),
                        "no key \"" + key.name() + "\" in " + title() + " (expected " + key.name() + " and "
                                + key.type().expected() + ": " + key.description() + ")");
            }
        }
        return new Values(section.position(), given);
    }

    private static <T> T convert(Datatype<T> type, KeyValue line, ConfigEnvironment environment)
            throws ConfigException {
        @Nullable T value = type.conversion().convert(line.value(), environment);
        if (value == null) {
            throw new ConfigException(
                    line.position(), line.key() + ": \"" + line.value() + "\" (expected " + type.expected() + ")");
        }
        return value;
    }

    private Key<?> key(KeyValue line) throws ConfigException {
        for (Key<?> key : keys) {
            if (key.name().equals(line.key())) {
                return key;
            }
        }
        List<String> known = keys.stream().map(Key::name).toList();
        throw new ConfigException(
                line.position(),
                "unknown key \"" + line.key() + "\" in " + title() + Nearest.question(line.key(), known) + " (expected "
                        + (known.isEmpty() ? "no keys here" : String.join(", ", known)) + ")");
    }

    private void checkAllowed(Section inner) throws ConfigException {
        if (sections.contains(inner.type())) {
            return;
        }
        @Nullable String instead = unsupported.get(inner.type());
        String problem = instead != null
                ? "<" + inner.type() + "> is not supported by this version"
                : "unknown section <" + inner.type() + "> in " + title() + Nearest.question(inner.type(), sections);
        String expected = instead == null || instead.isEmpty() ? expectedSections() : instead;
        throw new ConfigException(inner.position(), problem + " (expected " + expected + ")");
    }

    private String expectedSections() {
        return sections.isEmpty() ? "no sections here" : "<" + String.join(">, <", sections) + ">";
    }

    private String title() {
        return name.isEmpty() ? "the configuration" : "<" + name + ">";
    }
}
