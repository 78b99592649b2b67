/**
 * The command line, and the life of the process: {@code zeolite serve}.
 *
 * <p>{@link io.zeolite.cli.Main} starts it, {@code Zeolite} knows the commands. What a server
 * consists of is in {@code ServerAssembly}.
 */
@NullMarked
package io.zeolite.cli;

import org.jspecify.annotations.NullMarked;
