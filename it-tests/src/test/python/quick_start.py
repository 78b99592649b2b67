"""A new database: many objects in BTrees, written by one client and read by another that knows nothing."""

from BTrees.LOBTree import LOBTree
from persistent.mapping import PersistentMapping

from scenario import MinPO, check_equal, main, open_db

BATCH = 5000


def write(address, count):
    count = int(count)
    db = open_db(address)
    conn = db.open()
    with conn.transaction_manager:
        conn.root()['about'] = PersistentMapping(count=count)
        conn.root()['objects'] = tree = LOBTree()
    for start in range(0, count, BATCH):
        with conn.transaction_manager:
            for n in range(start, min(start + BATCH, count)):
                tree[n] = MinPO(f'object {n}')
        conn.cacheMinimize()
    tid = db.lastTransaction().hex()
    db.close()
    return {'tid': tid}


def read(address, count, tid):
    count = int(count)
    db = open_db(address, cache_size=200 << 20)
    check_equal(db.lastTransaction().hex(), tid, 'last transaction')
    conn = db.open()
    root = conn.root()
    check_equal(root['about']['count'], count, 'count')
    tree = root['objects']
    check_equal(len(tree), count, 'keys')
    batch = []
    for n, obj in tree.items():
        batch.append((n, obj))
        if len(batch) == BATCH:
            compare(conn, batch)
            batch = []
    compare(conn, batch)
    db.close()
    return {'objects': count}


def compare(conn, batch):
    # Asked for all at once, as an application does that knows what it needs.
    conn.prefetch([obj for _, obj in batch])
    for n, obj in batch:
        check_equal(obj.value, f'object {n}', f'object {n}')
    conn.cacheMinimize()


if __name__ == '__main__':
    main(write, read)
