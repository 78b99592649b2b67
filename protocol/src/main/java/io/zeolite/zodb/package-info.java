/**
 * The vocabulary of ZODB: object ids, transaction ids and the time they encode.
 *
 * <p>Both ids are eight bytes on the wire and in files, compared as unsigned big-endian numbers. In Java they are plain
 * {@code long} values, so that indexes and hot paths need no objects; {@link io.zeolite.zodb.Oid} and
 * {@link io.zeolite.zodb.Tid} hold what can be said about such a {@code long}.
 *
 * <p>Starting points: {@link io.zeolite.zodb.Tid}, {@link io.zeolite.zodb.TimeStamp}.
 */
@NullMarked
package io.zeolite.zodb;

import org.jspecify.annotations.NullMarked;
