/** The tools of the command line, beside those of Python. */
@NullMarked
package io.zeolite.it.tools;

import org.jspecify.annotations.NullMarked;
