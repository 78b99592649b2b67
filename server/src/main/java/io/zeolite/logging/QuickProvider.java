package io.zeolite.logging;

import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.LogbackServiceProvider;

/**
 * Logback without what it does at its start: comparing versions, searching for services and configuration files, and
 * writing down what it found. {@link Logging#useQuickProvider} has slf4j take it.
 */
public final class QuickProvider extends LogbackServiceProvider {
    @Override
    public void initialize() {
        LoggerContext context = (LoggerContext) getLoggerFactory();
        context.setName("default");
        context.setMDCAdapter(getMDCAdapter());
        Logging.startDefault(context);
        context.start();
    }
}
