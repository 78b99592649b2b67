/**
 * The grammar of ZConfig, as Python's ZConfig 4 reads it, without any schema: text becomes a tree of sections in which
 * every key knows its file and line.
 *
 * <p>Start with {@link io.zeolite.config.zconfig.ZConfigParser}. What sections and keys mean is the business of
 * {@code io.zeolite.config}.
 */
@NullMarked
package io.zeolite.config.zconfig;

import org.jspecify.annotations.NullMarked;
