/** Peers that do not keep to the protocol, and peers that do not read. */
@NullMarked
package io.zeolite.it.wire;

import org.jspecify.annotations.NullMarked;
