package io.zeolite.tls;

import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateException;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;

/**
 * Decides which client certificates are taken, as OpenSSL does for Python's server: those that are in the file or
 * directory themselves, and those with a chain to one that is; valid today, meant for clients if they say what they are
 * meant for, and not revoked if there are revocation lists. Immutable; any thread may ask.
 */
final class ClientTrust extends X509ExtendedTrustManager {
    /** How {@code openssl rehash} names what OpenSSL looks for in a directory; {@code r} is a revocation list. */
    private static final Pattern HASHED = Pattern.compile("[0-9a-f]{8}\\.r?[0-9]+");

    private static final String CLIENT_AUTHENTICATION = "1.3.6.1.5.5.7.3.2";
    private static final String ANY_PURPOSE = "2.5.29.37.0";

    private final @Nullable Path source;
    private final List<X509Certificate> trusted;
    private final List<X509CRL> revocationLists;
    private final @Nullable X509TrustManager chains;

    private ClientTrust(@Nullable Path source, List<X509Certificate> trusted, List<X509CRL> revocationLists)
            throws IOException {
        this.source = source;
        this.trusted = List.copyOf(trusted);
        this.revocationLists = List.copyOf(revocationLists);
        this.chains = trusted.isEmpty() ? null : chains(trusted);
    }

    /** @throws IOException if what is there cannot be read, or a file has no certificate */
    static ClientTrust load(@Nullable Path source) throws IOException {
        if (source == null) {
            return new ClientTrust(null, List.of(), List.of());
        }
        if (!Files.isDirectory(source)) {
            PemFile file = PemFile.read(source);
            return new ClientTrust(source, file.certificates(), file.revocationLists());
        }
        List<X509Certificate> trusted = new ArrayList<>();
        List<X509CRL> revocationLists = new ArrayList<>();
        for (Path path : hashedFiles(source)) {
            PemFile file = PemFile.read(path);
            revocationLists.addAll(file.revocationLists());
            if (revocationLists.isEmpty() || file.hasCertificates()) {
                trusted.addAll(file.certificates());
            }
        }
        return new ClientTrust(source, trusted, revocationLists);
    }

    /** Those files of a directory that OpenSSL would find, sorted. */
    static List<Path> hashedFiles(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(file ->
                            HASHED.matcher(file.getFileName().toString()).matches())
                    .sorted()
                    .toList();
        }
    }

    boolean isEmpty() {
        return trusted.isEmpty();
    }

    @Override
    public String toString() {
        return trusted.size()
                + (trusted.size() == 1 ? " certificate" : " certificates")
                + (revocationLists.isEmpty() ? "" : " and " + revocationLists.size() + " revocation lists")
                + (source == null ? "" : " in " + source);
    }

    private static X509TrustManager chains(List<X509Certificate> trusted) throws IOException {
        try {
            KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
            store.load(null);
            for (int i = 0; i < trusted.size(); i++) {
                store.setCertificateEntry(Integer.toString(i), trusted.get(i));
            }
            TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
            factory.init(store);
            return (X509TrustManager) factory.getTrustManagers()[0];
        } catch (GeneralSecurityException e) {
            throw new IOException("cannot trust the certificates of clients: " + e.getMessage(), e);
        }
    }

    private void check(X509Certificate[] chain, String keyType) throws CertificateException {
        X509Certificate client = chain[0];
        try {
            if (chains == null) {
                throw new CertificateException("no client is trusted");
            }
            chains.checkClientTrusted(chain, keyType);
            // The JDK takes a certificate that is trusted itself without a further look.
            client.checkValidity();
            checkPurpose(client);
            checkRevocation(client, chain);
        } catch (CertificateException e) {
            throw new CertificateException(
                    "the certificate of " + Names.of(client) + " is not trusted: " + reason(e) + " (expected: one of "
                            + this + ", or signed by one)",
                    e);
        }
    }

    /** The JDK wraps what it found out into several layers of the same words. */
    private static String reason(Throwable failure) {
        Throwable reason = failure;
        while (reason.getCause() != null) {
            reason = reason.getCause();
        }
        return String.valueOf(reason.getMessage());
    }

    private static void checkPurpose(X509Certificate client) throws CertificateException {
        List<String> purposes = client.getExtendedKeyUsage();
        if (purposes != null && !purposes.contains(CLIENT_AUTHENTICATION) && !purposes.contains(ANY_PURPOSE)) {
            throw new CertificateException("it is for other purposes than to be a client's: " + purposes);
        }
    }

    /** Once there is a revocation list, every client needs a valid one of its issuer, as with OpenSSL. */
    private void checkRevocation(X509Certificate client, X509Certificate[] chain) throws CertificateException {
        if (revocationLists.isEmpty()) {
            return;
        }
        boolean listed = false;
        for (X509CRL list : revocationLists) {
            if (!list.getIssuerX500Principal().equals(client.getIssuerX500Principal()) || !isSigned(list, chain)) {
                continue;
            }
            if (list.isRevoked(client)) {
                throw new CertificateException("it is revoked");
            }
            listed |= list.getNextUpdate() == null
                    || !list.getNextUpdate().toInstant().isBefore(Instant.now());
        }
        if (!listed) {
            throw new CertificateException("there is no revocation list of its issuer that is still valid");
        }
    }

    private boolean isSigned(X509CRL list, X509Certificate[] chain) {
        return Stream.concat(trusted.stream(), Arrays.stream(chain))
                .filter(issuer -> issuer.getSubjectX500Principal().equals(list.getIssuerX500Principal()))
                .anyMatch(issuer -> {
                    try {
                        list.verify(issuer.getPublicKey());
                        return true;
                    } catch (GeneralSecurityException e) {
                        return false;
                    }
                });
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String keyType, SSLEngine engine)
            throws CertificateException {
        check(chain, keyType);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String keyType, Socket socket) throws CertificateException {
        check(chain, keyType);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String keyType) throws CertificateException {
        check(chain, keyType);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String keyType, SSLEngine engine)
            throws CertificateException {
        throw notAServer();
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String keyType, Socket socket) throws CertificateException {
        throw notAServer();
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String keyType) throws CertificateException {
        throw notAServer();
    }

    private static CertificateException notAServer() {
        return new CertificateException("only clients are expected here");
    }

    /** The names that clients are told of, to choose a certificate by. */
    @Override
    public X509Certificate[] getAcceptedIssuers() {
        return trusted.toArray(new X509Certificate[0]);
    }
}
