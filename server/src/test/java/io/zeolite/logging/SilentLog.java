package io.zeolite.logging;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.slf4j.LoggerFactory;

/** Nothing is logged during the tests of a class: the faults that are injected would fill the log. */
public final class SilentLog implements BeforeAllCallback, AfterAllCallback {
    private final Logger root = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
    private final Level level = root.getLevel();

    @Override
    public void beforeAll(ExtensionContext context) {
        root.setLevel(Level.OFF);
    }

    @Override
    public void afterAll(ExtensionContext context) {
        root.setLevel(level);
    }
}
