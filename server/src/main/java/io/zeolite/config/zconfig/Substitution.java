package io.zeolite.config.zconfig;

import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Replaces {@code $name} and <code>${name}</code> by what {@code %define} said (names without regard to case),
 * {@code $(NAME)} by a variable of the environment and {@code $$} by a dollar sign. What was put in is not looked at
 * again.
 *
 * <p>There is no form with a default: ZConfig has none, and a text that needs it would not be read by Python.
 */
final class Substitution {
    private final Map<String, String> defines;
    private final Map<String, String> environment;
    private final Position position;

    /** @param position what errors name */
    Substitution(Map<String, String> defines, Map<String, String> environment, Position position) {
        this.defines = defines;
        this.environment = environment;
        this.position = position;
    }

    String apply(String text) throws ConfigException {
        StringBuilder result = new StringBuilder();
        int at = 0;
        for (int dollar = text.indexOf('$'); dollar >= 0; dollar = text.indexOf('$', at)) {
            result.append(text, at, dollar);
            at = appendReplacement(text, dollar, result);
        }
        return result.append(text, at, text.length()).toString();
    }

    /** @return where the text goes on after the construct that starts at {@code dollar} */
    private int appendReplacement(String text, int dollar, StringBuilder result) throws ConfigException {
        int next = dollar + 1;
        if (next == text.length()) {
            throw malformed(text, "a lone $ at the end");
        }
        return switch (text.charAt(next)) {
            case '$' -> {
                result.append('$');
                yield next + 1;
            }
            case '{' -> appendEnclosed(text, next + 1, '}', true, result);
            case '(' -> appendEnclosed(text, next + 1, ')', false, result);
            default -> {
                String name = nameAt(text, next);
                result.append(defined(name));
                yield next + name.length();
            }
        };
    }

    private int appendEnclosed(String text, int start, char close, boolean define, StringBuilder result)
            throws ConfigException {
        String name = nameAt(text, start);
        int end = start + name.length();
        if (end == text.length() || text.charAt(end) != close) {
            throw malformed(text, "no " + close + " after " + text.substring(start - 2, end));
        }
        result.append(define ? defined(name) : variable(name));
        return end + 1;
    }

    private String nameAt(String text, int start) throws ConfigException {
        int end = start;
        while (end < text.length() && isNamePart(text.charAt(end), end == start)) {
            end++;
        }
        if (end == start) {
            throw malformed(text, "no name after " + text.substring(text.lastIndexOf('$', start - 1), start));
        }
        return text.substring(start, end);
    }

    private String defined(String name) throws ConfigException {
        @Nullable String value = defines.get(name.toLowerCase(Locale.ROOT));
        if (value == null) {
            throw new ConfigException(position, "$" + name + " is not defined (expected %define " + name + " before)");
        }
        return value;
    }

    private String variable(String name) throws ConfigException {
        @Nullable String value = environment.get(name);
        if (value == null) {
            throw new ConfigException(
                    position, "$(" + name + ") is not set (expected a variable " + name + " in the environment)");
        }
        return value;
    }

    private ConfigException malformed(String text, String problem) {
        return new ConfigException(
                position, "\"" + text + "\": " + problem + " (expected $name, ${name}, $(VARIABLE) or $$)");
    }

    /** Whether {@code text} can be the name of a definition. */
    static boolean isName(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (!isNamePart(text.charAt(i), i == 0)) {
                return false;
            }
        }
        return !text.isEmpty();
    }

    private static boolean isNamePart(char c, boolean first) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (!first && c >= '0' && c <= '9');
    }
}
