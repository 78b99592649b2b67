/**
 * What travels between a ZEO client and its server, whatever the encoding.
 *
 * <p>Starting points: {@link io.zeolite.message.Message} is the sealed family, {@link io.zeolite.message.Methods} the
 * names that calls carry.
 */
@NullMarked
package io.zeolite.message;

import org.jspecify.annotations.NullMarked;
