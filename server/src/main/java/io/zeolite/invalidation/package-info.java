/** What changed since which tid, and who must be told. */
@NullMarked
package io.zeolite.invalidation;

import org.jspecify.annotations.NullMarked;
