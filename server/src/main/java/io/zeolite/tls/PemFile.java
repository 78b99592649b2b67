package io.zeolite.tls;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.PrivateKey;
import java.security.Provider;
import java.security.cert.CRLException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.cert.X509CRLHolder;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.openssl.PEMEncryptedKeyPair;
import org.bouncycastle.openssl.PEMException;
import org.bouncycastle.openssl.PEMKeyPair;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.openssl.X509TrustedCertificateBlock;
import org.bouncycastle.openssl.jcajce.JcaPEMKeyConverter;
import org.bouncycastle.openssl.jcajce.JceOpenSSLPKCS8DecryptorProviderBuilder;
import org.bouncycastle.openssl.jcajce.JcePEMDecryptorProviderBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.pkcs.PKCS8EncryptedPrivateKeyInfo;
import org.bouncycastle.pkcs.PKCSException;
import org.bouncycastle.util.io.pem.PemObject;
import org.bouncycastle.util.io.pem.PemObjectParser;
import org.jspecify.annotations.Nullable;

/**
 * What a PEM file holds: certificates, revocation lists, and private keys in any form, PKCS#1, SEC 1 or PKCS#8, encrypted
 * or not. Text around and between them does not count. Immutable.
 */
final class PemFile {
    private final Path path;
    private final List<Object> objects;

    private PemFile(Path path, List<Object> objects) {
        this.path = path;
        this.objects = objects;
    }

    /** @throws IOException if it cannot be read, or is not what it says; the message names the file */
    static PemFile read(Path path) throws IOException {
        List<Object> objects = new ArrayList<>();
        try (Reader text = Files.newBufferedReader(path, StandardCharsets.ISO_8859_1);
                Parser parser = new Parser(text)) {
            parser.readInto(objects);
        } catch (NoSuchFileException e) {
            throw new IOException(path + ": no such file", e);
        } catch (IOException | RuntimeException e) {
            // The parser runs into all kinds of exceptions when the bytes are not what the header says.
            throw new IOException(path + ": not readable as PEM: " + e.getMessage(), e);
        }
        return new PemFile(path, objects);
    }

    /** In the order of the file; at least one. */
    List<X509Certificate> certificates() throws IOException {
        List<X509Certificate> certificates = new ArrayList<>();
        for (Object object : objects) {
            if (object instanceof X509CertificateHolder certificate) {
                certificates.add(certificate(certificate));
            } else if (object instanceof X509TrustedCertificateBlock trusted) {
                certificates.add(certificate(trusted.getCertificateHolder()));
            }
        }
        if (certificates.isEmpty()) {
            throw new IOException(path + ": no certificate (expected: -----BEGIN CERTIFICATE-----)");
        }
        return certificates;
    }

    List<X509CRL> revocationLists() throws IOException {
        List<X509CRL> lists = new ArrayList<>();
        for (Object object : objects) {
            if (object instanceof X509CRLHolder list) {
                lists.add(revocationList(list));
            }
        }
        return lists;
    }

    boolean hasCertificates() {
        return objects.stream()
                .anyMatch(object ->
                        object instanceof X509CertificateHolder || object instanceof X509TrustedCertificateBlock);
    }

    /** The first private key. */
    PrivateKey key(KeyPassword password) throws IOException {
        for (Object object : objects) {
            @Nullable PrivateKeyInfo key = key(object, password);
            if (key != null) {
                try {
                    return new JcaPEMKeyConverter().getPrivateKey(key);
                } catch (PEMException e) {
                    throw new IOException(path + ": a private key that this Java does not know: " + e.getMessage(), e);
                }
            }
        }
        throw new IOException(
                path + ": no private key (expected: -----BEGIN PRIVATE KEY----- or one of a kind like it)");
    }

    /** @return null if the object is no private key */
    private @Nullable PrivateKeyInfo key(Object object, KeyPassword password) throws IOException {
        if (object instanceof PEMKeyPair pair) {
            return pair.getPrivateKeyInfo();
        } else if (object instanceof PrivateKeyInfo key) {
            return key;
        } else if (!(object instanceof PEMEncryptedKeyPair) && !(object instanceof PKCS8EncryptedPrivateKeyInfo)) {
            return null;
        }
        char[] secret = password.read();
        if (secret == null) {
            throw new IOException(
                    path + ": the private key is encrypted (expected: password-file or password-env in <ssl>)");
        }
        try {
            return object instanceof PEMEncryptedKeyPair pair
                    ? pair.decryptKeyPair(new JcePEMDecryptorProviderBuilder()
                                    .setProvider(Decryption.PROVIDER)
                                    .build(secret))
                            .getPrivateKeyInfo()
                    : ((PKCS8EncryptedPrivateKeyInfo) object)
                            .decryptPrivateKeyInfo(new JceOpenSSLPKCS8DecryptorProviderBuilder()
                                    .setProvider(Decryption.PROVIDER)
                                    .build(secret));
        } catch (IOException | PKCSException | OperatorCreationException | RuntimeException e) {
            throw new IOException(
                    path + ": the private key cannot be decrypted, the password " + password + " may be wrong: "
                            + e.getMessage(),
                    e);
        }
    }

    private X509Certificate certificate(X509CertificateHolder holder) throws IOException {
        try {
            return (X509Certificate) CertificateFactory.getInstance("X.509")
                    .generateCertificate(new ByteArrayInputStream(holder.getEncoded()));
        } catch (CertificateException e) {
            throw new IOException(path + ": a certificate that this Java does not read: " + e.getMessage(), e);
        }
    }

    private X509CRL revocationList(X509CRLHolder holder) throws IOException {
        try {
            return (X509CRL)
                    CertificateFactory.getInstance("X.509").generateCRL(new ByteArrayInputStream(holder.getEncoded()));
        } catch (CertificateException | CRLException e) {
            throw new IOException(path + ": a revocation list that this Java does not read: " + e.getMessage(), e);
        }
    }

    /** Apart, since it brings hundreds of classes with it, and few keys are encrypted. */
    private static final class Decryption {
        /** Only asked directly and not registered: other code of the JVM goes on with the JDK's providers. */
        static final Provider PROVIDER = new BouncyCastleProvider();
    }

    /** Skips what it does not know, like the parameters of a key exchange, where its superclass would give up. */
    private static final class Parser extends PEMParser {
        Parser(Reader text) {
            super(text);
        }

        void readInto(List<Object> objects) throws IOException {
            for (PemObject pem = readPemObject(); pem != null; pem = readPemObject()) {
                if (parsers.get(pem.getType()) instanceof PemObjectParser parser) {
                    objects.add(parser.parseObject(pem));
                }
            }
        }
    }
}
