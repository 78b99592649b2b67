/** Two-phase commit for storages on this machine: voting, object locks, the single writer of the log. */
@NullMarked
package io.zeolite.commit;

import org.jspecify.annotations.NullMarked;
