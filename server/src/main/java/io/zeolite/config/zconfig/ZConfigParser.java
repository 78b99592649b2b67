package io.zeolite.config.zconfig;

import java.io.IOException;
import java.net.URI;
import java.nio.charset.CharacterCodingException;
import java.nio.file.FileSystemNotFoundException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads ZConfig's grammar, line by line:
 *
 * <pre>
 * # comment                      key value
 * &lt;type&gt; ... &lt;/type&gt;            &lt;type name&gt; ... &lt;/type&gt;       &lt;type/&gt;   &lt;type name/&gt;
 * %define name value             %include file                 %import package
 * </pre>
 *
 * Blanks around a line do not count, sections may hold sections, and every file closes the sections that it opens.
 * An included file is looked for beside the one that includes it, and shares its definitions in both directions.
 */
public final class ZConfigParser {
    private static final Pattern URL = Pattern.compile("[a-zA-Z][-+.a-zA-Z0-9]+:.*");

    private final Map<String, String> environment;
    private final Map<String, String> defines = new HashMap<>();
    private final List<KeyValue> imports = new ArrayList<>();
    private final Deque<Path> open = new ArrayDeque<>();

    private ZConfigParser(Map<String, String> environment) {
        this.environment = environment;
    }

    /**
     * Reads a file and all that it includes.
     *
     * @param environment what {@code $(NAME)} refers to
     * @throws ConfigException if a file cannot be read or a line is none of the above
     */
    public static Document parse(Path file, Map<String, String> environment) throws ConfigException {
        ZConfigParser parser = new ZConfigParser(environment);
        OpenSection root = new OpenSection("", null, new Position(file.toString(), 1));
        parser.parseFile(file, root, Position.of(file.toString()));
        return new Document(root.close(), parser.imports);
    }

    private void parseFile(Path file, OpenSection into, Position asked) throws ConfigException {
        Path real = file.toAbsolutePath().normalize();
        String text;
        try {
            real = file.toRealPath();
            text = withoutMark(Files.readString(file));
        } catch (NoSuchFileException e) {
            throw new ConfigException(asked, "no such file: " + file + " (expected a configuration file)");
        } catch (CharacterCodingException e) {
            throw new ConfigException(asked, "not UTF-8: " + file + " (expected a text file)");
        } catch (IOException e) {
            throw new ConfigException(asked, "cannot read " + file + ": " + e.getMessage());
        }
        if (open.contains(real)) {
            throw new ConfigException(asked, file + " includes itself (expected files without a cycle)");
        }
        open.push(real);
        parseText(text, file, into);
        open.pop();
    }

    /** Editors of other systems put a byte order mark before everything. */
    private static String withoutMark(String text) {
        return text.startsWith("\ufeff") ? text.substring(1) : text;
    }

    private void parseText(String text, Path file, OpenSection into) throws ConfigException {
        Deque<OpenSection> sections = new ArrayDeque<>();
        sections.push(into);
        int number = 0;
        for (String raw : text.split("\n", -1)) {
            number++;
            Line line = new Line(Blanks.strip(raw), new Position(file.toString(), number));
            if (line.isEmpty()) {
                continue;
            }
            switch (line.kind()) {
                case SECTION_END -> endSection(line, sections);
                case SECTION_START -> startSection(line, sections);
                case DIRECTIVE -> directive(line, file, current(sections));
                case KEY -> current(sections).keys.add(keyValue(line));
            }
        }
        if (sections.size() > 1) {
            OpenSection unclosed = current(sections);
            throw new ConfigException(
                    unclosed.position, "<" + unclosed.type + "> is not closed (expected </" + unclosed.type + ">)");
        }
    }

    /** The section that lines belong to now; the one at the bottom is never closed by a line. */
    private static OpenSection current(Deque<OpenSection> sections) {
        return sections.getFirst();
    }

    private static void startSection(Line line, Deque<OpenSection> sections) throws ConfigException {
        if (!line.text.endsWith(">")) {
            throw line.error("malformed section start (expected <type> or <type name>)");
        }
        String inner = line.text.substring(1, line.text.length() - 1);
        boolean closed = inner.endsWith("/");
        if (closed) {
            inner = inner.substring(0, inner.length() - 1);
        }
        OpenSection section = header(Blanks.stripEnd(inner), line);
        if (closed) {
            current(sections).sections.add(section.close());
        } else {
            sections.push(section);
        }
    }

    private static OpenSection header(String text, Line line) throws ConfigException {
        int typeEnd = Blanks.wordEnd(text, 0);
        int nameStart = Blanks.skip(text, typeEnd);
        int nameEnd = Blanks.wordEnd(text, nameStart);
        if (typeEnd == 0 || nameEnd != text.length() || (nameStart == typeEnd && nameEnd > nameStart)) {
            throw line.error("malformed section start (expected <type> or <type name>)");
        }
        @Nullable String name = nameEnd > nameStart ? lower(text.substring(nameStart, nameEnd)) : null;
        return new OpenSection(lower(text.substring(0, typeEnd)), name, line.position);
    }

    private static void endSection(Line line, Deque<OpenSection> sections) throws ConfigException {
        if (!line.text.endsWith(">")) {
            throw line.error("malformed section end (expected </type>)");
        }
        String type = lower(Blanks.stripEnd(line.text.substring(2, line.text.length() - 1)));
        if (sections.size() == 1) {
            throw line.error("</" + type + "> closes nothing (expected no section end: none is open in this file)");
        }
        OpenSection section = sections.pop();
        if (!section.type.equals(type)) {
            throw line.error("</" + type + "> does not close <" + section.type + "> of line " + section.position.line()
                    + " (expected </" + section.type + ">)");
        }
        current(sections).sections.add(section.close());
    }

    private KeyValue keyValue(Line line) throws ConfigException {
        int keyEnd = Blanks.wordEnd(line.text, 0);
        if (keyEnd == 0) {
            throw line.error("malformed line (expected a key and a value, a section or a directive)");
        }
        String value = line.text.substring(Blanks.skip(line.text, keyEnd));
        return new KeyValue(lower(line.text.substring(0, keyEnd)), replace(value, line), line.position);
    }

    private void directive(Line line, Path file, OpenSection section) throws ConfigException {
        int nameEnd = Blanks.wordEnd(line.text, 1);
        String name = line.text.substring(1, nameEnd);
        String argument = line.text.substring(Blanks.skip(line.text, nameEnd));
        switch (name) {
            case "define", "include", "import" -> {
                if (argument.isEmpty()) {
                    throw line.error("%" + name + " without an argument (expected one)");
                }
            }
            default -> throw line.error("unknown directive %" + name + " (expected %define, %include or %import)");
        }
        switch (name) {
            case "define" -> define(argument, line);
            case "include" -> parseFile(included(replace(argument, line), file, line), section, line.position);
            default -> imports.add(new KeyValue(name, replace(argument, line), line.position));
        }
    }

    private void define(String argument, Line line) throws ConfigException {
        int nameEnd = 0;
        while (nameEnd < argument.length() && !Blanks.isBlank(argument.charAt(nameEnd))) {
            nameEnd++;
        }
        String name = lower(argument.substring(0, nameEnd));
        String value = argument.substring(Blanks.skip(argument, nameEnd));
        @Nullable String known = defines.get(name);
        // ZConfig compares before it substitutes; a text that passes here must pass there as well.
        if (known != null && !known.equals(value)) {
            throw line.error("%define " + name + " differs from the one before: \"" + value + "\" (expected \"" + known
                    + "\", a name is defined once)");
        }
        if (!Substitution.isName(name)) {
            throw line.error("%define " + name + ": not a name (expected letters, digits and _, not starting with a"
                    + " digit)");
        }
        defines.put(name, replace(value, line));
    }

    private static Path included(String argument, Path file, Line line) throws ConfigException {
        if (!URL.matcher(argument).matches()) {
            return file.resolveSibling(argument);
        }
        try {
            return Path.of(URI.create(argument));
        } catch (IllegalArgumentException | FileSystemNotFoundException e) {
            throw line.error("%include " + argument + " is not supported (expected a file)");
        }
    }

    private String replace(String text, Line line) throws ConfigException {
        return new Substitution(defines, environment, line.position).apply(text);
    }

    private static String lower(String text) {
        return text.toLowerCase(Locale.ROOT);
    }

    private enum Kind {
        SECTION_START,
        SECTION_END,
        DIRECTIVE,
        KEY
    }

    /** A line without the blanks around it. */
    private record Line(String text, Position position) {
        boolean isEmpty() {
            return text.isEmpty() || text.startsWith("#");
        }

        Kind kind() {
            if (text.startsWith("</")) {
                return Kind.SECTION_END;
            }
            return switch (text.charAt(0)) {
                case '<' -> Kind.SECTION_START;
                case '%' -> Kind.DIRECTIVE;
                default -> Kind.KEY;
            };
        }

        ConfigException error(String message) {
            return new ConfigException(position, message);
        }
    }

    /** A section whose end has not been read yet. */
    private static final class OpenSection {
        final String type;
        final @Nullable String name;
        final Position position;
        final List<KeyValue> keys = new ArrayList<>();
        final List<Section> sections = new ArrayList<>();

        OpenSection(String type, @Nullable String name, Position position) {
            this.type = type;
            this.name = name;
            this.position = position;
        }

        Section close() {
            return new Section(type, name, position, keys, sections);
        }
    }
}
