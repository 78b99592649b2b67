/**
 * How messages become bytes: sized frames, the handshake, and the two encodings {@code Z5} (pickle) and {@code M5}
 * (msgpack).
 *
 * <p>Starting point: {@link io.zeolite.wire.Codec}.
 */
@NullMarked
package io.zeolite.wire;

import org.jspecify.annotations.NullMarked;
