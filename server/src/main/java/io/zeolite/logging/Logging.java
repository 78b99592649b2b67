package io.zeolite.logging;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.Appender;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.slf4j.LoggerFactory;
import org.slf4j.Marker;
import org.slf4j.helpers.BasicMarkerFactory;

/** Points slf4j at the configured targets. */
public final class Logging {
    /** Put on an ERROR to make it what Python calls CRITICAL. */
    public static final Marker CRITICAL = new BasicMarkerFactory().getMarker("CRITICAL");

    /** Put on a message that each of many clients may cause: beyond so many, they are counted instead of written. */
    public static final Marker NOISE = new BasicMarkerFactory().getMarker("NOISE");

    /** The libraries that talk to S3. */
    private static final List<String> TALKATIVE = List.of("software.amazon.awssdk", "org.apache.hc");

    /** The last JDK on which {@link JdkLogManager} was tried, which counts on what the JDK does. */
    static final int LAST_KNOWN_JDK = 25;

    private Logging() {}

    /** Has slf4j and the JDK start their logging the quick way. To be called before the first logger is asked for. */
    public static void useQuickProvider() {
        System.setProperty(LoggerFactory.PROVIDER_PROPERTY_KEY, "io.zeolite.logging.QuickProvider");
        // Otherwise slf4j tells the terminal about it at every start.
        System.setProperty("slf4j.internal.verbosity", "WARN");
        if (Runtime.version().feature() <= LAST_KNOWN_JDK) {
            System.getProperties().putIfAbsent("java.util.logging.manager", "io.zeolite.logging.JdkLogManager");
        }
    }

    /**
     * Loads slf4j and logback. To be called before several threads log: while one of them has slf4j load, slf4j gives the others
     * something that {@link #start} cannot set up.
     */
    public static void load() {
        LoggerFactory.getILoggerFactory();
    }

    /**
     * Sends the messages of all loggers to these targets instead of those before. Call it once the configuration is
     * known; until then messages go where {@link LogConfig#DEFAULT} says.
     *
     * @throws IOException if a log file cannot be opened; everything is as before then
     */
    public static void start(LogConfig config) throws IOException {
        start(config, (LoggerContext) LoggerFactory.getILoggerFactory());
    }

    /** Sends everything where {@link LogConfig#DEFAULT} says. */
    static void startDefault(LoggerContext context) {
        try {
            start(LogConfig.DEFAULT, context);
        } catch (IOException e) {
            throw new UncheckedIOException("the default has no log file", e);
        }
    }

    static void start(LogConfig config, LoggerContext context) throws IOException {
        List<LogAppender> appenders = new ArrayList<>();
        for (LogConfig.Target target : config.targets()) {
            appenders.add(appender(target, config.level(), context));
        }
        Logger root = context.getLogger(Logger.ROOT_LOGGER_NAME);
        root.detachAndStopAllAppenders();
        root.setLevel(PythonLevel.lowest(config.level()));
        appenders.forEach(root::addAppender);
        // What these say at lower levels is whole requests, keys of encryption and signatures included.
        TALKATIVE.forEach(name -> context.getLogger(name).setLevel(Level.WARN));
    }

    /**
     * Goes on in new files, after somebody has renamed those that there are. A file that cannot be opened is complained of
     * on the error stream, once, and tried again with the next message.
     *
     * @return whether there are files at all
     */
    public static boolean reopen() {
        return reopen((LoggerContext) LoggerFactory.getILoggerFactory());
    }

    static boolean reopen(LoggerContext context) {
        boolean files = false;
        Iterator<Appender<ILoggingEvent>> appenders =
                context.getLogger(Logger.ROOT_LOGGER_NAME).iteratorForAppenders();
        while (appenders.hasNext()) {
            if (appenders.next() instanceof LogAppender appender) {
                files |= appender.reopen();
            }
        }
        return files;
    }

    private static LogAppender appender(LogConfig.Target target, int level, LoggerContext context) throws IOException {
        LogAppender appender = open(target, Math.max(level, target.level()));
        appender.setContext(context);
        appender.start();
        return appender;
    }

    private static LogAppender open(LogConfig.Target target, int level) throws IOException {
        if (target.destination() instanceof LogConfig.Destination.File file) {
            return new LogAppender(new LogFile(file), true, file.charset(), level, target.format());
        }
        OutputStream stream = target.destination() == LogConfig.Destination.Stream.STDOUT ? System.out : System.err;
        return new LogAppender(stream, false, StandardCharsets.UTF_8, level, target.format());
    }
}
