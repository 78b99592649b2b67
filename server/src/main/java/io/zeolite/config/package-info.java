/** The configuration: the ZConfig grammar, the sections of zeo.conf, and what they build. */
@NullMarked
package io.zeolite.config;

import org.jspecify.annotations.NullMarked;
