package io.zeolite.client.connection;

import io.netty.handler.ssl.NotSslRecordException;
import io.zeolite.wire.MalformedMessageException;
import java.nio.channels.ClosedChannelException;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertificateException;
import javax.net.ssl.SSLException;

/** What breaks a connection, in the words of what knows most about it: TLS wraps its reasons in several layers. */
final class BrokenConnection {
    private BrokenConnection() {}

    static String explain(Throwable failure) {
        boolean isTls = false;
        Throwable reason = failure;
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            reason = cause;
            isTls |= cause instanceof SSLException;
            if (cause instanceof MalformedMessageException) {
                break;
            }
        }
        if (reason instanceof ClosedChannelException) {
            // Something was to be sent on it. Netty's exception says nothing else.
            return "the connection was lost";
        }
        if (reason instanceof Error) {
            return "given up after " + reason;
        }
        String message = reason.getMessage() == null ? reason.toString() : reason.getMessage();
        if (!isTls) {
            return message;
        }
        return "TLS failed: "
                + (reason instanceof NotSslRecordException ? "the server does not speak it" : tls(reason, message));
    }

    private static String tls(Throwable reason, String message) {
        if (reason instanceof CertPathBuilderException) {
            return "the server's certificate is not trusted: " + message;
        }
        if (reason instanceof CertificateException) {
            return "the server's certificate is refused: " + message;
        }
        return message;
    }
}
