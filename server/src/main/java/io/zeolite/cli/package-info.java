/** The command line: {@code zeolite serve}. */
@NullMarked
package io.zeolite.cli;

import org.jspecify.annotations.NullMarked;
