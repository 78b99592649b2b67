package io.zeolite.pickle;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** A Python set, or a frozenset, with its items in the order in which they were written. */
public record PySet(List<@Nullable Object> items, boolean frozen) {}
