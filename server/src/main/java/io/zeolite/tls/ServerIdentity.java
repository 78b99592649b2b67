package io.zeolite.tls;

import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.util.List;

/**
 * What the server shows of itself.
 *
 * @param chain the certificate of the key first
 */
record ServerIdentity(PrivateKey key, List<X509Certificate> chain) {
    /** @throws IOException if a file cannot be read, or the key is not that of the certificate */
    static ServerIdentity load(TlsSettings settings) throws IOException {
        PemFile certificates = PemFile.read(settings.certificate());
        PemFile keys = settings.key().equals(settings.certificate()) ? certificates : PemFile.read(settings.key());
        ServerIdentity identity = new ServerIdentity(keys.key(settings.password()), certificates.certificates());
        if (!fits(identity.key, identity.certificate().getPublicKey())) {
            throw new IOException(settings.key() + ": not the key of the certificate in " + settings.certificate()
                    + ", " + Names.of(identity.certificate()));
        }
        return identity;
    }

    X509Certificate certificate() {
        return chain.get(0);
    }

    private static boolean fits(PrivateKey key, PublicKey certified) {
        if (!key.getAlgorithm().equals(certified.getAlgorithm())) {
            return false;
        }
        String algorithm =
                switch (key.getAlgorithm()) {
                    case "RSA" -> "SHA256withRSA";
                    case "EC" -> "SHA256withECDSA";
                    case "DSA" -> "SHA256withDSA";
                    default -> key.getAlgorithm();
                };
        try {
            byte[] message = certified.getEncoded();
            Signature signature = Signature.getInstance(algorithm);
            signature.initSign(key);
            signature.update(message);
            byte[] signed = signature.sign();
            signature.initVerify(certified);
            signature.update(message);
            return signature.verify(signed);
        } catch (GeneralSecurityException e) {
            return false;
        }
    }
}
