package io.zeolite.client.connection;

import io.netty.handler.ssl.SslContextBuilder;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Cipher;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * The private key in a PEM file, in whatever form OpenSSL has written it: PKCS#8, the only one that Java reads, PKCS#1 for
 * RSA, or SEC 1 for elliptic curves; the last two of them encrypted or not.
 */
public final class KeyFile {
    private static final Pattern KEY = Pattern.compile(
            "-----BEGIN ((?:[A-Z0-9]+ )*)PRIVATE KEY-----(.*?)-----END \\1PRIVATE KEY-----", Pattern.DOTALL);

    /** The header of an encrypted one, as it was before PKCS#8: the algorithm, and the salt, which is the first block. */
    private static final Pattern ENCRYPTION =
            Pattern.compile("\\s*Proc-Type: 4,ENCRYPTED\\s+DEK-Info: ([^,]+),(\\p{XDigit}+)\\s+");

    private static final Map<String, Integer> KEY_BYTES =
            Map.of("DES-EDE3-CBC", 24, "AES-128-CBC", 16, "AES-192-CBC", 24, "AES-256-CBC", 32);

    private static final int SALT_BYTES = 8;

    private static final int SEQUENCE = 0x30;
    private static final int INTEGER = 0x02;
    private static final int OCTETS = 0x04;
    /** In a key of a curve: which one. */
    private static final int PARAMETERS = 0xa0;

    private static final byte[] VERSION_0 = {INTEGER, 1, 0};
    private static final byte[] RSA = HexFormat.of().parseHex("06092a864886f70d0101010500");
    private static final byte[] CURVE = HexFormat.of().parseHex("06072a8648ce3d0201");

    /** A PEM file with nothing but the key, as PKCS#8. */
    private final String pem;

    /** Null if that is not encrypted. */
    private final @Nullable String password;

    private KeyFile(String pem, @Nullable String password) {
        this.pem = pem;
        this.password = password;
    }

    String pem() {
        return pem;
    }

    /**
     * Has connections show a certificate.
     *
     * @param certificate a file with it, and with those between it and a root behind it
     * @param key a file with its key, of which the first counts
     * @param password null if there is none; without effect if the key is not encrypted
     * @throws IOException if one of them is not there, or cannot be used; the message names the file and what was found
     */
    public static void use(SslContextBuilder builder, Path certificate, Path key, @Nullable String password)
            throws IOException {
        KeyFile found = read(key, password);
        try (InputStream chain = Files.newInputStream(certificate)) {
            builder.keyManager(chain, pem(found.pem), found.password);
        } catch (NoSuchFileException e) {
            throw new IOException(certificate + ": no such file", e);
        } catch (IllegalArgumentException e) {
            Throwable root = e.getCause() == null ? e : e.getCause();
            throw new IOException(
                    certificate + " and its key in " + key + ": " + e.getMessage() + ": " + root.getMessage(), e);
        }
    }

    static KeyFile read(Path file, @Nullable String password) throws IOException {
        String text;
        try {
            text = Files.readString(file, StandardCharsets.ISO_8859_1);
        } catch (NoSuchFileException e) {
            throw new IOException(file + ": no such file", e);
        }
        Matcher key = KEY.matcher(text);
        if (!key.find()) {
            throw new IOException(
                    file + ": no private key (expected: -----BEGIN PRIVATE KEY----- or one of a kind like it)");
        }
        String kind = key.group(1).strip();
        try {
            return switch (kind) {
                case "" -> new KeyFile(key.group(), null);
                case "ENCRYPTED" -> {
                    if (password == null) {
                        throw new IOException("the private key is encrypted (expected: its password too)");
                    }
                    yield new KeyFile(key.group(), password);
                }
                case "RSA" -> pkcs8(RSA, content(key.group(2), password));
                case "EC" -> {
                    byte[] content = content(key.group(2), password);
                    yield pkcs8(join(CURVE, parameters(content)), content);
                }
                default ->
                    throw new IOException("found BEGIN " + kind
                            + " PRIVATE KEY (expected: BEGIN PRIVATE KEY, RSA PRIVATE KEY or EC PRIVATE KEY)");
            };
        } catch (IOException e) {
            throw new IOException(file + ": " + e.getMessage(), e);
        } catch (GeneralSecurityException e) {
            throw new IOException(
                    file + ": the private key cannot be decrypted, its password may be wrong: " + e.getMessage(), e);
        } catch (RuntimeException e) {
            throw new IOException(file + ": " + kind + " PRIVATE KEY is not what it says: " + e.getMessage(), e);
        }
    }

    private static InputStream pem(String text) {
        return new ByteArrayInputStream(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    private static KeyFile pkcs8(byte[] algorithm, byte[] key) {
        byte[] all = der(SEQUENCE, join(VERSION_0, der(SEQUENCE, algorithm), der(OCTETS, key)));
        return new KeyFile(
                "-----BEGIN PRIVATE KEY-----\n" + Base64.getMimeEncoder().encodeToString(all)
                        + "\n-----END PRIVATE KEY-----\n",
                null);
    }

    private static byte[] content(String text, @Nullable String password) throws IOException, GeneralSecurityException {
        Matcher encryption = ENCRYPTION.matcher(text);
        if (!encryption.lookingAt()) {
            return Base64.getMimeDecoder().decode(text);
        } else if (password == null) {
            throw new IOException("the private key is encrypted (expected: its password too)");
        }
        byte[] encrypted = Base64.getMimeDecoder().decode(text.substring(encryption.end()));
        byte[] first = HexFormat.of().parseHex(encryption.group(2));
        String algorithm = encryption.group(1);
        Integer keyBytes = KEY_BYTES.get(algorithm);
        if (keyBytes == null) {
            throw new IOException("the private key is encrypted with " + algorithm + " (expected: one of "
                    + KEY_BYTES.keySet().stream().sorted().toList() + ")");
        }
        boolean isDes = algorithm.startsWith("DES");
        Cipher cipher = Cipher.getInstance(isDes ? "DESede/CBC/PKCS5Padding" : "AES/CBC/PKCS5Padding");
        byte[] key = key(password.getBytes(StandardCharsets.UTF_8), Arrays.copyOf(first, SALT_BYTES), keyBytes);
        cipher.init(Cipher.DECRYPT_MODE, new SecretKeySpec(key, isDes ? "DESede" : "AES"), new IvParameterSpec(first));
        byte[] content = cipher.doFinal(encrypted);
        if (content[0] != SEQUENCE) {
            throw new GeneralSecurityException("no key came out");
        }
        return content;
    }

    /** As OpenSSL has always made it of a password: digests, each of the one before, the password and the salt. */
    private static byte[] key(byte[] password, byte[] salt, int bytes) throws GeneralSecurityException {
        MessageDigest md5 = MessageDigest.getInstance("MD5");
        byte[] key = {};
        byte[] digest = {};
        while (key.length < bytes) {
            md5.update(digest);
            md5.update(password);
            digest = md5.digest(salt);
            key = join(key, digest);
        }
        return Arrays.copyOf(key, bytes);
    }

    // DER, as far as it is needed

    private static byte[] parameters(byte[] key) throws IOException {
        int at = begin(key, 0);
        while (at < key.length) {
            int begin = begin(key, at);
            int end = begin + length(key, at);
            if ((key[at] & 0xff) == PARAMETERS) {
                return Arrays.copyOfRange(key, begin, end);
            }
            at = end;
        }
        throw new IOException("the private key does not say of which curve it is");
    }

    private static int begin(byte[] der, int at) {
        int length = der[at + 1] & 0xff;
        return at + 2 + (length < 0x80 ? 0 : length - 0x80);
    }

    private static int length(byte[] der, int at) {
        int length = der[at + 1] & 0xff;
        if (length >= 0x80) {
            int end = begin(der, at);
            length = 0;
            for (int i = at + 2; i < end; i++) {
                length = (length << 8) | (der[i] & 0xff);
            }
        }
        return length;
    }

    private static byte[] der(int tag, byte[] content) {
        int length = content.length;
        byte[] head = {(byte) tag, (byte) length};
        if (length > 0xff) {
            head = new byte[] {(byte) tag, (byte) 0x82, (byte) (length >> 8), (byte) length};
        } else if (length >= 0x80) {
            head = new byte[] {(byte) tag, (byte) 0x81, (byte) length};
        }
        return join(head, content);
    }

    private static byte[] join(byte[]... parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }
}
