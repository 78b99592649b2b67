package io.zeolite.tls;

import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What the section {@code <ssl>} says.
 *
 * @param certificate a PEM file with the certificate of the server, and those between it and its root behind it
 * @param key a PEM file with the private key; it may be that of the certificate
 * @param password what decrypts the key
 * @param authenticate a PEM file, or a directory with OpenSSL's hashed names, of the certificates that clients have or
 *     that theirs are signed by; null if no client is trusted
 * @param checkInterval how often the files are looked at for a change; zero for never
 */
public record TlsSettings(
        Path certificate,
        Path key,
        KeyPassword password,
        @Nullable Path authenticate,
        Duration checkInterval) {}
