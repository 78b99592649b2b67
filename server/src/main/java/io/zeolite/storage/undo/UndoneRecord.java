package io.zeolite.storage.undo;

/**
 * A record that undoes what a transaction did to an object.
 *
 * @param back where the record is whose data the object has again; 0 if it does not exist any more
 * @param blobSerial if the object is a blob, the tid that its file has; {@link io.zeolite.zodb.Tid#NONE} otherwise
 */
public record UndoneRecord(long oid, long back, long blobSerial) {}
