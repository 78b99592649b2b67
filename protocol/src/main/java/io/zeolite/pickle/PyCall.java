package io.zeolite.pickle;

/**
 * A Python object that has no counterpart here, as the call that makes it, for example {@code builtins.set([1, 2])}. It
 * is kept so that it can be stored as it came.
 */
public record PyCall(PyGlobal function, PyTuple args) {}
