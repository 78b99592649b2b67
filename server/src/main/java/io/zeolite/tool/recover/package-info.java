/**
 * {@code zeolite recover}: saves what can be read of a damaged data file into a new one, and says what is lost.
 *
 * <p>Starting point: {@link io.zeolite.tool.recover.Recover}.
 */
@NullMarked
package io.zeolite.tool.recover;

import org.jspecify.annotations.NullMarked;
