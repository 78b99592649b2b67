package io.zeolite.storage;

/**
 * What one or more transactions changed.
 *
 * @param tid the (last) transaction
 * @param oids the objects; nobody changes the array
 */
public record Invalidations(long tid, long[] oids) {}
