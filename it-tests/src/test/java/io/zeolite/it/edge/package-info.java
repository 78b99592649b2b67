/** A server in front of another one, {@code <zeoclient>}: caches that many processes share, and order through two hops. */
@NullMarked
package io.zeolite.it.edge;

import org.jspecify.annotations.NullMarked;
