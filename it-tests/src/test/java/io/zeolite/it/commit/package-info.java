/** Transactions of several clients at once: invariants, conflicts, invalidations, caches. */
@NullMarked
package io.zeolite.it.commit;

import org.jspecify.annotations.NullMarked;
