/**
 * The failures that have a name on the wire, each mapped once to its Python class.
 *
 * <p>Python's client rebuilds only a handful of classes; everything else reaches the application as
 * {@code ZEO.Exceptions.ServerException} with the name and the arguments. A wrong shape of the detail makes it hang, so
 * the shapes stand here and nowhere else.
 *
 * <p>Starting point: {@link io.zeolite.error.ZeoException}.
 */
@NullMarked
package io.zeolite.error;

import org.jspecify.annotations.NullMarked;
