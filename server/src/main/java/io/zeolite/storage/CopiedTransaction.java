package io.zeolite.storage;

/**
 * What a transaction keeps that is copied from another storage.
 *
 * @param tid its id, which must be later than the last transaction, and earlier than the year 5900, so that others can follow;
 *     {@link io.zeolite.zodb.Tid#NONE} to be given one
 * @param packed whether it was rewritten by a pack there, so that it cannot be undone here either
 */
public record CopiedTransaction(long tid, boolean packed) {}
