package io.zeolite.client.connection;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.handler.codec.DecoderException;
import io.netty.handler.ssl.NotSslRecordException;
import io.zeolite.wire.MalformedMessageException;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertificateException;
import javax.net.ssl.SSLHandshakeException;
import org.junit.jupiter.api.Test;

final class BrokenConnectionTest {
    private static String explainTls(Throwable reason) {
        SSLHandshakeException handshake = new SSLHandshakeException("General OpenSslEngine problem");
        handshake.initCause(reason);
        return BrokenConnection.explain(new DecoderException(handshake));
    }

    @Test
    void explain_tls_givesTheInnermostReason() {
        assertThat(explainTls(new CertificateException("No name matching zeo found")))
                .isEqualTo("TLS failed: the server's certificate is refused: No name matching zeo found");
        assertThat(explainTls(new CertificateException("PKIX", new CertPathBuilderException("no path"))))
                .isEqualTo("TLS failed: the server's certificate is not trusted: no path");
        assertThat(BrokenConnection.explain(new DecoderException(new SSLHandshakeException("CERTIFICATE_REQUIRED"))))
                .isEqualTo("TLS failed: CERTIFICATE_REQUIRED");
        assertThat(BrokenConnection.explain(
                        new DecoderException(new NotSslRecordException("not an SSL/TLS record: 5a35"))))
                .isEqualTo("TLS failed: the server does not speak it");
    }

    @Test
    void explain_others_givesWhatTheySay() {
        assertThat(BrokenConnection.explain(new DecoderException(new MalformedMessageException("a tuple"))))
                .isEqualTo("a tuple");
        assertThat(BrokenConnection.explain(new IOException("reset"))).isEqualTo("reset");
        assertThat(BrokenConnection.explain(new IOException())).isEqualTo("java.io.IOException");
        assertThat(BrokenConnection.explain(new ClosedChannelException())).isEqualTo("the connection was lost");
        assertThat(BrokenConnection.explain(new OutOfMemoryError("Java heap space")))
                .isEqualTo("given up after java.lang.OutOfMemoryError: Java heap space");
    }
}
