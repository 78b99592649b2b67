package io.zeolite.storage;

import java.util.OptionalLong;

/**
 * The current record of an object, in a walk over all objects.
 *
 * @param next the object that comes after it, empty if it is the last one
 */
public record CurrentRecord(long oid, long tid, byte[] data, OptionalLong next) {}
