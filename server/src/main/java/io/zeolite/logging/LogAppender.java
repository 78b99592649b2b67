package io.zeolite.logging;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.Charset;

/** Writes each message with one write, so that it is in the file when the call that logged it returns. */
final class LogAppender extends AppenderBase<ILoggingEvent> {
    private final OutputStream out;
    private final Charset charset;
    private final int level;
    private final LogFormat format;
    private final boolean closing;
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
        if (PythonLevel.of(event) < level) {
            return;
        }
        try {
            out.write(format.format(event).getBytes(charset));
            out.flush();
            broken = false;
        } catch (IOException e) {
            // A full disk must not stop the server, nor fill the terminal with a line for each message.
            if (!broken) {
                System.err.println("zeolite: cannot write the log: " + e.getMessage());
            }
            broken = true;
        }
    }

    @Override
    public void stop() {
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
