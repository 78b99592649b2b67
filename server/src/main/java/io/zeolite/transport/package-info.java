/** The Netty pipeline that carries a session. */
@NullMarked
package io.zeolite.transport;

import org.jspecify.annotations.NullMarked;
