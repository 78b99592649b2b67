/**
 * What the tools of the command line have in common: where they write, how they show progress, bytes, times and JSON.
 *
 * <p>Each tool is a package of its own or a class in {@link io.zeolite.tool.remote}. A tool is told what to do by its
 * options, a record; it writes to a {@link io.zeolite.tool.Console} and returns the exit status. The command line only
 * parses.
 *
 * <p>Starting points: {@link io.zeolite.tool.Console}, {@link io.zeolite.tool.ExitStatus}.
 */
@NullMarked
package io.zeolite.tool;

import org.jspecify.annotations.NullMarked;
