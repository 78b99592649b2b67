/**
 * What a storage is: the interface between the conversations of clients and whatever keeps their objects.
 *
 * <p>{@link io.zeolite.storage.Storage} is what a session talks to. It is made for storages that are not local as well
 * (another ZEO server, a database that several servers share): the storage itself gives the tids, holds the object
 * locks and says what was invalidated, and every call that may have to wait completes through a
 * {@link io.zeolite.storage.Completion}. A local storage completes loads before the call returns.
 *
 * <p>{@link io.zeolite.storage.TransactionLog} is what a storage on this machine has to be able to do;
 * {@code io.zeolite.commit} makes a {@code Storage} of it.
 */
@NullMarked
package io.zeolite.storage;

import org.jspecify.annotations.NullMarked;
