/** What is left after kills of either side, timeouts and a full disk. */
@NullMarked
package io.zeolite.it.crash;

import org.jspecify.annotations.NullMarked;
