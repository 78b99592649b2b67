/**
 * The command line, and the life of the process: {@code zeolite serve}.
 *
 * <p>{@link io.zeolite.cli.Main} starts it, {@code Zeolite} knows the commands. The server itself comes in through
 * {@link io.zeolite.cli.ServerLauncher}.
 */
@NullMarked
package io.zeolite.cli;

import org.jspecify.annotations.NullMarked;
