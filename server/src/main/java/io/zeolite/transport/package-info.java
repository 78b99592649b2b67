/**
 * The Netty pipeline that carries sessions: listening, handshake, frames, back-pressure, blobs on their way out.
 *
 * <p>Starting points: {@link io.zeolite.transport.ZeoServer} listens, {@code Connection} is one client.
 */
@NullMarked
package io.zeolite.transport;

import org.jspecify.annotations.NullMarked;
