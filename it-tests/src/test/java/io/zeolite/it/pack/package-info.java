/** Packs, beside Python's, under load, and broken off. */
@NullMarked
package io.zeolite.it.pack;

import org.jspecify.annotations.NullMarked;
