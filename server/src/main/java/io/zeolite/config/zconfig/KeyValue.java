package io.zeolite.config.zconfig;

/**
 * One line {@code key value}.
 *
 * @param key in lower case
 * @param value after substitution, without blanks around it; empty if there was none
 */
public record KeyValue(String key, String value, Position position) {}
