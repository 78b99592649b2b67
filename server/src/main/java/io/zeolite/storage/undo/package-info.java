/**
 * What a log can do that lets its transactions be undone, and takes copies of another storage's.
 *
 * <p>Undoing a transaction appends one: for each object a record that shares the data of the revision before. Starting
 * point: {@link io.zeolite.storage.undo.UndoableLog}.
 */
@NullMarked
package io.zeolite.storage.undo;

import org.jspecify.annotations.NullMarked;
