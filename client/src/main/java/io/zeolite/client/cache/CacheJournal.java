package io.zeolite.client.cache;

/** Hears of every change of a cache, in order, on the thread of its writer, which it must not keep waiting. */
public interface CacheJournal {
    /** For a cache that is kept in memory only. */
    CacheJournal NONE = new CacheJournal() {
        @Override
        public void put(CachedRevision revision) {}

        @Override
        public void invalidated(long tid, long[] oids) {}

        @Override
        public void forgot(long tid, long[] oids) {}

        @Override
        public void cleared(long tid) {}
    };

    /** A revision was added. */
    void put(CachedRevision revision);

    /** A transaction has changed these objects; the cache is as of it now. */
    void invalidated(long tid, long[] oids);

    /** Transactions up to this one have changed these objects, it is not known which one did when. */
    void forgot(long tid, long[] oids);

    /** The cache is empty, and as of this transaction. */
    void cleared(long tid);
}
