/** Files and launcher: what Python wrote is served, what was served Python reads, and the command line starts it. */
@NullMarked
package io.zeolite.it.interop;

import org.jspecify.annotations.NullMarked;
