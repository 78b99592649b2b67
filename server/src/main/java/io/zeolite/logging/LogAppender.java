package io.zeolite.logging;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.Charset;

/**
 * Writes each message with one write, so that it is in the file when the call that logged it returns. Of messages that are
 * marked as noise it writes so many, and then how many more there were.
 */
final class LogAppender extends AppenderBase<ILoggingEvent> {
    private final OutputStream out;
    private final Charset charset;
    private final int level;
    private final LogFormat format;
    private final boolean closing;
    private final NoiseLimit noise = new NoiseLimit(System::nanoTime, this::writeSummaries);
    private boolean broken;

    /** @param closing whether {@code out} is closed with the appender */
    LogAppender(OutputStream out, boolean closing, Charset charset, int level, LogFormat format) {
        this.out = out;
        this.closing = closing;
        this.charset = charset;
        this.level = level;
        this.format = format;
    }

    /** Called by logback for one message at a time. */
    @Override
    protected void append(ILoggingEvent event) {
        if (PythonLevel.of(event) < level || !noise.admits(event)) {
            return;
        }
        write(event);
    }

    private synchronized void writeSummaries() {
        if (isStarted()) {
            noise.summaries().forEach(this::write);
        }
    }

    /** Goes on in a new file, if this is one that others may rename. Returns whether it is a file. */
    synchronized boolean reopen() {
        if (!(out instanceof LogFile file)) {
            return false;
        }
        try {
            file.reopen();
        } catch (IOException e) {
            complain(e);
        }
        return true;
    }

    private void write(ILoggingEvent event) {
        try {
            out.write(format.format(event).getBytes(charset));
            out.flush();
            broken = false;
        } catch (IOException e) {
            complain(e);
        }
    }

    /** A full disk must not stop the server, nor fill the terminal with a line for each message. */
    private void complain(IOException failure) {
        if (!broken) {
            System.err.println("zeolite: cannot write the log: " + failure.getMessage());
        }
        broken = true;
    }

    @Override
    public synchronized void stop() {
        writeSummaries();
        super.stop();
        if (closing) {
            try {
                out.close();
            } catch (IOException e) {
                System.err.println("zeolite: cannot close the log: " + e.getMessage());
            }
        }
    }
}
