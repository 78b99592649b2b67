package io.zeolite.storage;

import io.zeolite.zodb.Tid;

/** What is there of an object before a tid. */
public sealed interface LoadResult {
    /**
     * A revision.
     *
     * @param data the record; nobody changes the array
     * @param serial the tid that wrote it
     * @param end the tid of the next revision, {@link Tid#NONE} if this is the current one
     */
    record Loaded(byte[] data, long serial, long end) implements LoadResult {
        public boolean isCurrent() {
            return end == Tid.NONE;
        }
    }

    /**
     * The object exists, but all its revisions are at or after the tid.
     *
     * @param first the tid of its first revision that is known, {@link Tid#NONE} if the storage cannot say
     */
    record NoneBefore(long first) implements LoadResult {}

    /** There is no such object, or as of that tid it was deleted or its creation undone. */
    record NoObject() implements LoadResult {}

    /** The only instance that is needed. */
    NoObject NO_OBJECT = new NoObject();
}
