/**
 * The Java client of a ZEO server, Zeolite's or Python's.
 *
 * <p>Starting points: {@link io.zeolite.client.ZeoClient} and its asynchronous other half,
 * {@link io.zeolite.client.AsyncZeoClient}; {@link io.zeolite.client.ZeoTransaction}; {@link io.zeolite.client.ZeoView};
 * {@link io.zeolite.client.ClientCore} for those who want to know how it works. It stands between {@code protocol}, whose
 * messages it speaks, and {@code server}.
 */
@NullMarked
package io.zeolite.client;

import org.jspecify.annotations.NullMarked;
