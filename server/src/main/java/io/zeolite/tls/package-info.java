/**
 * TLS: the certificate and key that the server shows, the client certificates that it takes, and their replacement while
 * it runs.
 *
 * <p>{@link io.zeolite.tls.TlsContext} makes the handler for each connection and loads the files again when they change.
 * {@code PemFile} reads every form of PEM that OpenSSL does. Nothing of this is loaded by a server without TLS.
 */
@NullMarked
package io.zeolite.tls;

import org.jspecify.annotations.NullMarked;
