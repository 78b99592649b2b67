package io.zeolite.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ClientTrustTest {
    @ParameterizedTest
    @CsvSource({
        "client.pem, client.pem",
        "ca.pem, signed.pem",
        "ca.pem, below-chain.pem",
        "ca-with-crl.pem, signed.pem",
        "ca.pem, revoked.pem",
        "hashed, client.pem",
        "ec.pem, ec.pem",
    })
    void check_clientOfTheFile_isTaken(String authenticate, String client) throws Exception {
        ClientTrust trust = ClientTrust.load(TestFiles.path(authenticate));

        assertThatCode(() -> check(trust, client)).doesNotThrowAnyException();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "client.pem | stranger.pem | the certificate of CN=stranger is not trusted: unable to find valid",
                "ca.pem | below.pem | the certificate of CN=below is not trusted: unable to find valid",
                "ca.pem | expired.pem | the certificate of CN=expired is not trusted: NotAfter",
                "expired.pem | expired.pem | the certificate of CN=expired is not trusted: NotAfter",
                "web.pem | web.pem | the certificate of CN=web is not trusted: it is for other purposes",
                "ca-with-crl.pem | revoked.pem | the certificate of CN=revoked is not trusted: it is revoked",
                "ca-with-crl.pem | below-chain.pem | the certificate of CN=below is not trusted: there is no revocation list",
                // OpenSSL finds only what has the name of its hash.
                "hashed | stranger.pem | the certificate of CN=stranger is not trusted: unable to find valid",
            })
    void check_otherClient_isRefusedWithItsNameAndTheReason(String authenticate, String client, String message)
            throws Exception {
        ClientTrust trust = ClientTrust.load(TestFiles.path(authenticate));

        assertThatThrownBy(() -> check(trust, client))
                .isInstanceOf(CertificateException.class)
                .hasMessageStartingWith(message)
                .hasMessageContaining(authenticate);
    }

    @Test
    void check_withoutAnyTrust_refusesEverybody() throws Exception {
        assertThatThrownBy(() -> check(ClientTrust.load(null), "client.pem"))
                .hasMessageContaining("no client is trusted");
        assertThat(ClientTrust.load(null).isEmpty()).isTrue();
    }

    private static void check(ClientTrust trust, String client) throws Exception {
        X509Certificate[] chain =
                PemFile.read(TestFiles.path(client)).certificates().toArray(new X509Certificate[0]);
        trust.checkClientTrusted(chain, chain[0].getPublicKey().getAlgorithm());
    }
}
