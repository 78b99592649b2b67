/**
 * Python values, and the only reader and writer of pickles.
 *
 * <p>A value is one of: {@code null} (None), {@link java.lang.Boolean}, {@link java.lang.Long} or
 * {@link java.math.BigInteger} (int), {@link java.lang.Double} (float), {@link java.lang.String} (str),
 * {@code byte[]} (bytes), {@link io.zeolite.pickle.PyTuple}, {@link java.util.List} (list),
 * {@link io.zeolite.pickle.PyDict}. The msgpack codec uses the same values. Nothing here runs anything that a pickle
 * names: classes are data.
 *
 * <p>Starting points: {@link io.zeolite.pickle.PyTuple}.
 */
@NullMarked
package io.zeolite.pickle;

import org.jspecify.annotations.NullMarked;
