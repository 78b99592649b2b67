/**
 * The conversation with one client: which methods there are, what state a connection is in, and what an error does to
 * it.
 *
 * <p>A {@link io.zeolite.session.Session} lives on one event loop and knows nothing of channels: it gets messages and
 * answers through an {@link io.zeolite.session.Outbox}. Starting points: {@link io.zeolite.session.Session},
 * {@link io.zeolite.session.ServedStorage}.
 */
@NullMarked
package io.zeolite.session;

import org.jspecify.annotations.NullMarked;
