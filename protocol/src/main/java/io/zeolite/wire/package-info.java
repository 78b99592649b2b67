/**
 * How messages become bytes: sized frames, the handshake, and the two encodings {@code Z5} (pickle) and {@code M5}
 * (msgpack).
 *
 * <p>What a peer sends is never believed: lengths are checked before memory is taken for them, and whatever it sends, a
 * {@link io.zeolite.wire.MalformedMessageException} is the worst that comes out.
 *
 * <p>Starting points: {@link io.zeolite.wire.FrameDecoder} cuts the stream, {@link io.zeolite.wire.Handshake} reads the
 * first frame and chooses the {@link io.zeolite.wire.Codec} for the others.
 */
@NullMarked
package io.zeolite.wire;

import org.jspecify.annotations.NullMarked;
