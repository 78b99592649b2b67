/**
 * ZODB's {@code DemoStorage}: changes over a base that stays as it is.
 *
 * <p>Both are storages of this server, of any kind. The changes do all that a storage does by itself: they give tids,
 * hold object locks and tell listeners. What is added here is where a load looks, and what a store or a check is compared
 * with if the changes do not have the object yet. Starting point: {@link io.zeolite.storage.demo.DemoStorage}.
 */
@NullMarked
package io.zeolite.storage.demo;

import org.jspecify.annotations.NullMarked;
