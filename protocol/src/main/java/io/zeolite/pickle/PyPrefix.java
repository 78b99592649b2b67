package io.zeolite.pickle;

/**
 * Zope's {@code ZopeUndo.Prefix.Prefix}: in the filter of {@code undoInfo} it stands for all texts that begin with these
 * elements of a path, which are separated by slashes.
 */
public record PyPrefix(String path) {}
