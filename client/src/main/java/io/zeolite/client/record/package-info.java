/**
 * The records of objects, as values: nothing that a pickle names is run.
 *
 * <p>Starting point: {@link io.zeolite.client.record.ObjectRecord}.
 */
@NullMarked
package io.zeolite.client.record;

import org.jspecify.annotations.NullMarked;
