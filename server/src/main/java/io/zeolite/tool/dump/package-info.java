/**
 * {@code zeolite dump} and {@code zeolite log}: the transactions and records of a data file in words. Nothing that is in
 * the file is executed; of pickles only the name of the class is shown.
 *
 * <p>Starting points: {@link io.zeolite.tool.dump.Dump}, {@link io.zeolite.tool.dump.TransactionLogListing}.
 */
@NullMarked
package io.zeolite.tool.dump;

import org.jspecify.annotations.NullMarked;
