/**
 * What Zeolite asks of the operating system for its threads, which one it is, and how it calls what Java does not offer.
 *
 * <p>Starting points: {@link io.zeolite.platform.Foreground} for threads that others wait for, {@link
 * io.zeolite.platform.Background} for those that have time.
 */
@NullMarked
package io.zeolite.platform;

import org.jspecify.annotations.NullMarked;
