package io.zeolite.config.zconfig;

import java.io.Serial;

/** The configuration cannot be used. The message is for the person who wrote it: {@code FILE:LINE: what is wrong}. */
public final class ConfigException extends Exception {
    @Serial
    private static final long serialVersionUID = 1;

    public ConfigException(Position position, String message) {
        super(position + ": " + message);
    }

    /** An error that belongs to the configuration as a whole. */
    public ConfigException(String message) {
        super(message);
    }
}
