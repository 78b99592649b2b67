package io.zeolite.config.zconfig;

import java.util.List;

/**
 * A configuration text with everything that it includes.
 *
 * @param root its keys and sections outside of any section
 * @param imports its {@code %import} lines, each with the name of a package as its value
 */
public record Document(Section root, List<KeyValue> imports) {
    public Document {
        imports = List.copyOf(imports);
    }
}
