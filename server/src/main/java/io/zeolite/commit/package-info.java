/**
 * Two-phase commit for storages on this machine: staging, voting with object locks, the single writer of the log, and
 * the order in which the rest of the world hears of it.
 *
 * <p>Starting points: {@link io.zeolite.commit.LocalStorage} makes a {@link io.zeolite.storage.Storage} of a
 * {@link io.zeolite.storage.TransactionLog}; {@link io.zeolite.commit.Committer} is what changes it, one thread at a time;
 * {@link io.zeolite.commit.ObjectLocks} keeps transactions apart that touch the same objects.
 *
 * <p>Time, threads and randomness come from outside ({@link io.zeolite.commit.CommitContext}), so that the whole path
 * can run on one thread from one seed.
 */
@NullMarked
package io.zeolite.commit;

import org.jspecify.annotations.NullMarked;
