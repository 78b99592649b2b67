/** Undo, copies and deletions, and the reads that show what has been. */
@NullMarked
package io.zeolite.it.undo;

import org.jspecify.annotations.NullMarked;
