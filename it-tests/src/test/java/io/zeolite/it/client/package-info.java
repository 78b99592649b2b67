/** The Java client: against Python's server and Zeolite, and beside Python's client. */
@NullMarked
package io.zeolite.it.client;

import org.jspecify.annotations.NullMarked;
