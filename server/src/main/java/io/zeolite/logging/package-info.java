/**
 * Where log messages go and what they look like: what {@code <eventlog>} says, in the form that runzeo writes and that
 * log watchers look for.
 *
 * <p>{@link io.zeolite.logging.Logging} sets logback up without any file or scanning of its own, since that would be
 * most of the time that the server takes to start. Other packages log through slf4j and need nothing from here but
 * the markers in {@link io.zeolite.logging.Logging}.
 */
@NullMarked
package io.zeolite.logging;

import org.jspecify.annotations.NullMarked;
