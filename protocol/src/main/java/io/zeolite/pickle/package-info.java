/**
 * Python values, and the only reader and writer of pickles.
 *
 * <p>A value is one of: {@code null} (None), {@link java.lang.Boolean}, {@link java.lang.Long} or, beyond 64 bits,
 * {@link java.math.BigInteger} (int), {@link java.lang.Double} (float), {@link java.lang.String} (str), {@code byte[]}
 * (bytes), {@link io.zeolite.pickle.PyTuple}, {@link java.util.List} (list), {@link io.zeolite.pickle.PyDict}. The
 * msgpack codec uses the same values.
 *
 * <p>Three more come out of the pickle reader in rare cases and cannot be sent: {@link io.zeolite.pickle.PyPrefix} (in
 * the filter of {@code undoInfo}), {@link io.zeolite.pickle.PyGlobal} and {@link io.zeolite.pickle.PyCall} (in the
 * extension of a transaction). Nothing here runs anything that a pickle names: classes are data.
 *
 * <p>Records that a client has compressed ({@code zc.zlibstorage}) are passed on as they are. Those who read records here
 * inflate them, {@link io.zeolite.pickle.RecordScanner} and {@link io.zeolite.pickle.RecordReader}, up to a limit.
 *
 * <p>One value is only ever written: a {@code long[]} is the list of its elements as strings of eight bytes, which is
 * what most of the values on the wire are, the oids of invalidations and of votes. Whoever reads them gets a list of
 * {@code byte[]}.
 *
 * <p>A {@code byte[]} that was read belongs to the caller, but one that occurs twice in a pickle may be one array, so
 * nobody writes into it. A str of Python may hold halves of surrogate pairs; two that follow each other and make a pair
 * become one character in Java.
 *
 * <p>Starting points: {@link io.zeolite.pickle.PickleReader}, {@link io.zeolite.pickle.PickleWriter},
 * {@link io.zeolite.pickle.ExtensionPickle}; the opcodes are named as in Python's {@code pickletools}.
 */
@NullMarked
package io.zeolite.pickle;

import org.jspecify.annotations.NullMarked;
