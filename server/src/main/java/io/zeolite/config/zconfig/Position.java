package io.zeolite.config.zconfig;

/**
 * Where a piece of configuration was written.
 *
 * @param source the file, as the user named it, or an option of the command line
 * @param line the line, from 1; 0 if the source has no lines
 */
public record Position(String source, int line) {
    /** A source without lines, as an option of the command line is. */
    public static Position of(String source) {
        return new Position(source, 0);
    }

    @Override
    public String toString() {
        return line == 0 ? source : source + ":" + line;
    }
}
