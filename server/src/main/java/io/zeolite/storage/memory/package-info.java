/**
 * A storage in memory, with its whole history, that is gone with the process: for tests and caches.
 *
 * <p>Starting point: {@link io.zeolite.storage.memory.MemoryLog}.
 */
@NullMarked
package io.zeolite.storage.memory;

import org.jspecify.annotations.NullMarked;
