/**
 * Tools that speak to a running ZEO server, Zeolite's or Python's, over its socket: {@code status}, {@code pack},
 * {@code undo-log}.
 *
 * <p>Starting points: {@link io.zeolite.tool.remote.Status}, {@link io.zeolite.tool.remote.Pack},
 * {@link io.zeolite.tool.remote.UndoLog}; {@link io.zeolite.tool.remote.Server} says which server.
 */
@NullMarked
package io.zeolite.tool.remote;

import org.jspecify.annotations.NullMarked;
