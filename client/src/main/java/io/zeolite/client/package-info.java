/**
 * The Java client of a ZEO server.
 *
 * <p>Empty so far: the connection, the object cache and the size-limited blob cache come here. It stands between
 * {@code protocol}, whose messages it will speak, and {@code server}, which will use it to reach another ZEO server.
 */
@NullMarked
package io.zeolite.client;

import org.jspecify.annotations.NullMarked;
