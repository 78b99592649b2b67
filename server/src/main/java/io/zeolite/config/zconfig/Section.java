package io.zeolite.config.zconfig;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A section and what it holds, in the order of the text.
 *
 * @param type what stands first between the angle brackets, in lower case; empty for the text as a whole
 * @param name what stands second, in lower case
 * @param position where the section starts
 */
public record Section(
        String type, @Nullable String name, Position position, List<KeyValue> keys, List<Section> sections) {

    public Section {
        keys = List.copyOf(keys);
        sections = List.copyOf(sections);
    }

    /** The same section with this value for its key, instead of any other. */
    public Section with(KeyValue value) {
        List<KeyValue> changed = new ArrayList<>(keys);
        changed.removeIf(old -> old.key().equals(value.key()));
        changed.add(value);
        return new Section(type, name, position, changed, sections);
    }

    /** The same section with other sections in it. */
    public Section withSections(List<Section> others) {
        return new Section(type, name, position, keys, others);
    }
}
