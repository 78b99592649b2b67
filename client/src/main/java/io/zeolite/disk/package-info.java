/**
 * The disk as the storages see it: positional reads and writes, fsync, atomic rename, reservation of space, locks
 * between processes.
 *
 * <p>It is an interface so that a simulation can stand in for the real disk, with torn writes, lost unsynced bytes and
 * failing fsync. Everything that a storage does to its files goes through it.
 *
 * <p>Starting points: {@link io.zeolite.disk.Disk}, {@link io.zeolite.disk.DiskFile}.
 */
@NullMarked
package io.zeolite.disk;

import org.jspecify.annotations.NullMarked;
