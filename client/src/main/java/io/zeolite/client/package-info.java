/**
 * The Java client of a ZEO server.
 *
 * <p>So far there is the {@link io.zeolite.client.connection connection}, which the command line uses; the object cache
 * and the size-limited blob cache come here. It stands between {@code protocol}, whose messages it speaks, and
 * {@code server}.
 */
@NullMarked
package io.zeolite.client;

import org.jspecify.annotations.NullMarked;
