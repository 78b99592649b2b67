"""A demo storage: changes over a base. The same has to come out with Python's server."""

import os

import transaction
import ZODB
from ZODB.blob import Blob
from ZODB.Connection import TransactionMetaData
from ZODB.FileStorage import FileStorage
from ZODB.POSException import ConflictError, POSKeyError, ReadConflictError
from ZODB.utils import maxtid, p64, u64, z64

from scenario import MinPO, check, check_equal, connect, fails, main, new_directory, open_db, record


def make_base(directory):
    db = ZODB.DB(FileStorage(os.path.join(directory, 'base.fs'), blob_dir=os.path.join(directory, 'base-blobs')))
    with db.transaction() as conn:
        conn.root()['a'] = MinPO('base a')
        conn.root()['b'] = MinPO('base b')
        conn.root()['blob'] = Blob(b'base blob')
    with db.transaction() as conn:
        conn.root()['a'].value = 'base a 2'
    db.close()


def bytes_of(blob):
    with blob.open() as file:
        return file.read()


def use(address, directory, undo):
    base = FileStorage(os.path.join(directory, 'copy.fs'), read_only=True)
    base_tids = [txn.tid for txn in base.iterator()]
    storage = connect(address, blob_dir=new_directory('cache'))
    info = storage._info
    check_equal(bool(info['supportsUndo']), undo == 'undo', 'undo')
    check_equal(storage.lastTransaction(), base.lastTransaction(), 'the last transaction of a base without changes')
    db = ZODB.DB(storage)
    first = transaction.TransactionManager()
    conn = db.open(first)
    root = conn.root()
    check_equal((root['a'].value, root['b'].value, bytes_of(root['blob'])), ('base a 2', 'base b', b'base blob'), 'base')
    a = root['a']._p_oid
    in_base = storage.load(a)

    root['a'].value = 'changed'
    root['new'] = MinPO('new')
    root['new blob'] = Blob(b'new blob')
    with root['blob'].open('w') as file:
        file.write(b'changed blob')
    first.commit()
    changed = storage.lastTransaction()
    check(changed > base_tids[-1], 'the tid of a change')
    check(u64(root['new']._p_oid) > 1000, f'a new oid: {root["new"]._p_oid.hex()}')
    check_equal(storage.loadBefore(a, changed), in_base + (changed,), 'before the change')
    check_equal(storage.loadBefore(a, base_tids[-1])[1:], (base_tids[-2], base_tids[-1]), 'in the middle of the base')
    check_equal(storage.loadBefore(a, base_tids[-2]), None, 'before the object')
    check_equal(storage.load(a)[1], changed, 'current')
    check_equal(storage.loadSerial(a, in_base[1]), in_base[0], 'the revision of the base')
    check_equal(storage.getTid(root['b']._p_oid), base.getTid(root['b']._p_oid), 'unchanged')
    fails(POSKeyError, storage.load, p64(1 << 50))
    check_equal([txn.tid for txn in storage.iterator()], base_tids + [changed], 'transactions')
    check_equal([txn.tid for txn in storage.iterator(base_tids[-1])], [base_tids[-1], changed], 'the last transactions')
    check_equal(len(storage.history(a, 10)), 3, 'history')

    other = open_db(address, blob_dir=new_directory('cache'))
    second = transaction.TransactionManager()
    theirs = other.open(second)
    check_equal((theirs.root()['a'].value, bytes_of(theirs.root()['blob']), bytes_of(theirs.root()['new blob'])),
                ('changed', b'changed blob', b'new blob'), 'another client')
    theirs.root()['b'].value = 'first'
    root['b'].value = 'second'
    second.commit()
    fails(ConflictError, first.commit)
    first.abort()
    check_equal(root['b'].value, 'first', 'after the conflict')

    stale_checks(storage, a, in_base[1], changed)
    stale_store(storage, theirs.root()['a']._p_oid, in_base[1])
    if undo == 'undo':
        root['a'].value = 'to be undone'
        first.commit()
        db.undo(db.undoLog(0, 1)[0]['id'], first.get())
        first.commit()
        check_equal(root['a'].value, 'changed', 'after the undo')
    other.close()
    db.close()
    base.close()


def stale_checks(storage, oid, stale, current):
    """The object in the base alone, and the one that was changed."""
    for checked, good, bad in ((oid, current, stale), (z64, storage.getTid(z64), p64(1))):
        for serial in (good, bad):
            txn = TransactionMetaData()
            storage.tpc_begin(txn)
            storage.store(p64(1 << 40), z64 if serial == good else storage_tid(storage, p64(1 << 40)), record('x'), '', txn)
            storage.checkCurrentSerialInTransaction(checked, serial, txn)
            if serial == good:
                storage.tpc_vote(txn)
            else:
                fails(ReadConflictError, storage.tpc_vote, txn)
            storage.tpc_abort(txn)


def storage_tid(storage, oid):
    try:
        return storage.getTid(oid)
    except POSKeyError:
        return z64


def stale_store(storage, oid, serial):
    txn = TransactionMetaData()
    storage.tpc_begin(txn)
    storage.store(oid, serial, record('stale'), '', txn)
    fails(ConflictError, storage.tpc_vote, txn)
    storage.tpc_abort(txn)


def again(address):
    """After a restart with changes in a file."""
    db = open_db(address, blob_dir=new_directory('cache'))
    with db.transaction() as conn:
        root = conn.root()
        check_equal((root['a'].value, root['b'].value), ('changed', 'first'), 'changes that were kept')
        check_equal(bytes_of(root['new blob']), b'new blob', 'a blob that was kept')
    db.close()


def untouched(directory):
    with open(os.path.join(directory, 'base.fs'), 'rb') as one, open(os.path.join(directory, 'copy.fs'), 'rb') as other:
        check(one.read() == other.read(), 'the base has changed')


if __name__ == '__main__':
    main(make_base, use, again, untouched)
