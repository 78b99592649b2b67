package io.zeolite.config.zconfig;

/**
 * Words and blanks as Python's {@code str.strip} and the {@code \s} of its regular expressions see them: a no-break
 * space, which comes with text copied from a web page, is a blank there, and not in {@link String#strip}.
 */
final class Blanks {
    private Blanks() {}

    static boolean isBlank(char c) {
        return Character.isWhitespace(c) || Character.isSpaceChar(c) || c == '\u0085';
    }

    static String strip(String text) {
        return stripEnd(text.substring(skip(text, 0)));
    }

    static String stripEnd(String text) {
        int end = text.length();
        while (end > 0 && isBlank(text.charAt(end - 1))) {
            end--;
        }
        return text.substring(0, end);
    }

    /** The first index from {@code start} on that is not a blank, or the length. */
    static int skip(String text, int start) {
        int at = start;
        while (at < text.length() && isBlank(text.charAt(at))) {
            at++;
        }
        return at;
    }

    /** Where the word that starts at {@code start} ends: keys, types and names hold neither blanks nor parentheses. */
    static int wordEnd(String text, int start) {
        int at = start;
        while (at < text.length() && !isBlank(text.charAt(at)) && text.charAt(at) != '(' && text.charAt(at) != ')') {
            at++;
        }
        return at;
    }
}
