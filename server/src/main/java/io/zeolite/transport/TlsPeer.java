package io.zeolite.transport;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.ssl.NotSslRecordException;
import io.netty.handler.ssl.SslCloseCompletionEvent;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.zeolite.logging.Logging;
import io.zeolite.tls.TlsContext;
import java.nio.channels.ClosedChannelException;
import java.security.cert.CertificateException;
import javax.net.ssl.SSLException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The TLS side of one connection: says in one line why a handshake failed, and keeps the failures of TLS from everybody
 * behind it. Event loop only.
 */
final class TlsPeer extends ChannelInboundHandlerAdapter {
    private static final Logger LOG = LoggerFactory.getLogger("ZEO.StorageServer");

    private boolean agreed;

    private TlsPeer() {}

    /** Has a new channel speak TLS. Whoever does not get through the handshake is dropped when registering takes too long. */
    static void secure(Channel channel, TlsContext tls) {
        SslHandler handler = tls.newHandler(channel.alloc());
        handler.setHandshakeTimeoutMillis(0);
        channel.pipeline().addLast(handler).addLast(new TlsPeer());
    }

    /** Whether a channel speaks TLS. */
    static boolean isSecured(Channel channel) {
        return channel.pipeline().get(TlsPeer.class) != null;
    }

    /** Whether a channel is still in its handshake. */
    static boolean isBeingSecured(Channel channel) {
        TlsPeer peer = channel.pipeline().get(TlsPeer.class);
        return peer != null && !peer.agreed;
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof SslHandshakeCompletionEvent handshake) {
            if (handshake.isSuccess()) {
                agreed = true;
            } else {
                failed(ctx, handshake.cause());
            }
        } else if (event instanceof SslCloseCompletionEvent) {
            // The client has said that it ends; Python's waits for the same from here before it closes.
            ctx.close();
        }
        ctx.fireUserEventTriggered(event);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        Throwable reason = cause instanceof DecoderException && cause.getCause() != null ? cause.getCause() : cause;
        if (!(reason instanceof SSLException)) {
            ctx.fireExceptionCaught(cause);
            return;
        }
        if (agreed) {
            LOG.warn(Logging.NOISE, "({}) TLS failed, closing: {}", peer(ctx), reason.getMessage());
        }
        ctx.close();
    }

    private static void failed(ChannelHandlerContext ctx, Throwable cause) {
        if (isDisconnect(cause)) {
            // As those that look whether the port is open do.
            LOG.debug("({}) left during the TLS handshake", peer(ctx));
        } else if (cause instanceof NotSslRecordException || cause.getCause() instanceof NotSslRecordException) {
            LOG.warn(Logging.NOISE, "({}) TLS handshake failed: the client does not speak TLS", peer(ctx));
        } else if (hasNoCertificate(String.valueOf(cause.getMessage()))) {
            LOG.warn(
                    Logging.NOISE,
                    "({}) TLS handshake failed: the client has no certificate (expected: one that is trusted)",
                    peer(ctx));
        } else {
            LOG.warn(Logging.NOISE, "({}) TLS handshake failed: {}", peer(ctx), explain(cause));
        }
    }

    /** In OpenSSL's words, or Java's. */
    private static boolean hasNoCertificate(String message) {
        return message.contains("PEER_DID_NOT_RETURN_A_CERTIFICATE")
                || message.contains("Empty client certificate chain");
    }

    private static String peer(ChannelHandlerContext ctx) {
        return Addresses.describe(ctx.channel().remoteAddress());
    }

    private static boolean isDisconnect(Throwable cause) {
        return cause instanceof ClosedChannelException || cause.getCause() instanceof ClosedChannelException;
    }

    private static String explain(Throwable cause) {
        for (Throwable reason = cause; reason != null; reason = reason.getCause()) {
            if (reason instanceof CertificateException) {
                return String.valueOf(reason.getMessage());
            }
        }
        return String.valueOf(cause.getMessage());
    }
}
