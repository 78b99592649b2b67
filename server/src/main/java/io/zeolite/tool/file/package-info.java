/**
 * How tools walk over a data file, whatever state it is in: on and on behind damage, forwards or from its end.
 *
 * <p>Starting points: {@link io.zeolite.tool.file.Walk}, {@link io.zeolite.tool.file.Selection}.
 */
@NullMarked
package io.zeolite.tool.file;

import org.jspecify.annotations.NullMarked;
