package io.zeolite.pickle;

/** What a persistent reference means. Only {@link #STRONG} ones keep an object from being packed away. */
public enum ReferenceKind {
    /** An ordinary reference: an oid, or an oid with a class. */
    STRONG,
    /** A weak reference, to this or another database: {@code ['w', (oid,)]}, {@code ['w', (oid, database)]}, {@code [oid]}. */
    WEAK,
    /** A reference to an object of another database: {@code ['m', (database, oid, class)]}, {@code ['n', (database, oid)]}. */
    OTHER_DATABASE,
    /** A list of a form that ZODB does not define and does not follow. */
    UNKNOWN
}
