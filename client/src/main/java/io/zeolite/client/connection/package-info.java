/**
 * One connection to a ZEO server, Zeolite's or Python's: handshake, calls and their answers, what the server says by
 * itself.
 *
 * <p>The core is asynchronous: a call is a future, and all that belongs to a connection happens on its event loop, in
 * the order of the wire. {@link io.zeolite.client.connection.BlockingConnection} is the same for a thread that can wait.
 * When a connection has ended, all its calls fail; a {@link io.zeolite.client.connection.ServerLink} makes another one, and
 * repeats those that only read. There are no caches here.
 *
 * <p>Starting points: {@link io.zeolite.client.connection.ZeoConnection},
 * {@link io.zeolite.client.connection.BlockingConnection}, {@link io.zeolite.client.connection.ServerLink}, {@link io.zeolite.client.connection.StatusRequest}.
 */
@NullMarked
package io.zeolite.client.connection;

import org.jspecify.annotations.NullMarked;
