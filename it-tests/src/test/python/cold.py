"""Blobs that are in a bucket when clients ask for them."""

import itertools
import random
import threading

import transaction
from BTrees.IOBTree import IOBTree
from ZEO.Exceptions import ClientDisconnected, ServerException
from ZODB import POSException
from ZODB.blob import Blob
from ZODB.POSException import POSKeyError

from scenario import MinPO, Workers, check, check_equal, connect, fails, hear, main, new_directory, open_db, say

SIZES = 0, 1, 59_000, 200_000, 3_000_000


def content(size):
    return random.Random(size).randbytes(size)


def write(address):
    """A blob of each size, in two revisions."""
    db = open_db(address, blob_dir=new_directory('client-blobs'))
    with db.transaction() as conn:
        for size in SIZES:
            conn.root()[f'blob {size}'] = Blob(b'first')
        conn.root()['small'] = MinPO(1)
    with db.transaction() as conn:
        for size in SIZES:
            with conn.root()[f'blob {size}'].open('w') as file:
                file.write(content(size))
    db.close()


def check_blob(root, size):
    with root[f'blob {size}'].open() as file:
        check(file.read() == content(size), f'blob of {size} bytes has the right bytes')


def read(address):
    """A client with nothing in its cache reads all of them."""
    db = open_db(address, blob_dir=new_directory('client-blobs'))
    root = db.open().root()
    for size in SIZES:
        check_blob(root, size)
    db.close()


def broken(address):
    """The connection to the store breaks in the middle of a blob: an error, and later the right bytes."""
    db = open_db(address, blob_dir=new_directory('client-blobs'))
    conn = db.open()
    root = conn.root()
    fails(ServerException, lambda: root['blob 3000000'].open())
    fails(ServerException, lambda: root['blob 3000000'].open())
    say('failed')
    hear()
    check_blob(root, 3_000_000)
    db.close()


def others(address):
    """While one client waits for a store that hangs, it and another one load, commit, and read what is local."""
    db = open_db(address, blob_dir=new_directory('client-blobs'))
    conn = db.open()
    oid = conn.root()['blob 200000']._p_oid
    serial = db.storage.load(oid)[1]
    problems = []

    def ask():
        try:
            db.storage.loadBlob(oid, serial)
            problems.append('the blob came')
        except ServerException as expected:
            problems.append(expected)

    asking = threading.Thread(target=ask)
    asking.start()
    say('asking')
    hear()
    for client in db.storage, connect(address, blob_dir=new_directory('other-blobs')):
        check(asking.is_alive(), 'the blob is still waited for')
        client.load(conn.root()['small']._p_oid)
    with db.transaction() as other:
        other.root()['local'] = Blob(b'local')
        other.root()['small'].value = 2
    second = open_db(address, blob_dir=new_directory('second-blobs'))
    with second.open().root()['local'].open() as file:
        check_equal(file.read(), b'local', 'a blob of this machine')
    check(asking.is_alive(), 'the blob is still waited for')
    say('done')
    hear()
    asking.join()
    check(isinstance(problems[0], ServerException), problems)
    second.close()
    db.close()


def read_one(address, size):
    db = open_db(address, blob_dir=new_directory('client-blobs'))
    check_blob(db.open().root(), int(size))
    db.close()


def undo(address):
    """Takes back the second revision of all blobs."""
    db = open_db(address, blob_dir=new_directory('client-blobs'))
    db.undo(db.undoLog(0, 1)[0]['id'])
    transaction.commit()
    db.close()
    db = open_db(address, blob_dir=new_directory('other-blobs'))
    root = db.open().root()
    for size in SIZES:
        with root[f'blob {size}'].open() as file:
            check_equal(file.read(), b'first', f'blob {size} after the undo')
    db.close()


def add(address):
    db = open_db(address, blob_dir=new_directory('client-blobs'))
    with db.transaction() as conn:
        conn.root()['added'] = Blob(b'added')
    db.close()


def read_added(address):
    db = open_db(address, blob_dir=new_directory('client-blobs'))
    with db.open().root()['added'].open() as file:
        check_equal(file.read(), b'added', 'a blob of the copy')
    db.close()


def missing(address):
    """A blob that was not archived where this database was copied from: the error says so."""
    db = open_db(address, blob_dir=new_directory('client-blobs'))
    root = db.open().root()
    failure = fails(POSKeyError, lambda: root['added'].open())
    check('has not been archived yet' in str(failure), f'{failure}')
    db.close()


def pack(address):
    db = open_db(address, blob_dir=new_directory('client-blobs'))
    db.pack()
    db.close()


def away(address):
    """The store is gone: what is only there is an error, and everything else goes on."""
    db = open_db(address, blob_dir=new_directory('client-blobs'))
    conn = db.open()
    for _ in range(10):
        fails(ServerException, lambda: conn.root()['blob 3000000'].open())
    conn.root()['local'] = Blob(b'local')
    conn.root()['small'].value += 1
    transaction.commit()
    db.close()


LARGE = 5_000_000


def size_of(number, large):
    return LARGE if number < large else 100 + number % 3000


def write_many(address, count, large):
    count, large = int(count), int(large)
    db = open_db(address, blob_dir=new_directory('client-blobs'))
    with db.transaction() as conn:
        conn.root()['many'] = IOBTree()
    for start in range(0, count, 500):
        with db.transaction() as conn:
            for number in range(start, min(count, start + 500)):
                data = random.Random(number).randbytes(size_of(number, large))
                conn.root()['many'][number] = Blob(data)
    db.close()


def read_share(address, numbers, large):
    db = open_db(address, blob_dir=new_directory('client-blobs'))
    blobs = db.open().root()['many']
    for number in numbers:
        with blobs[number].open() as file:
            check(file.read() == random.Random(number).randbytes(size_of(number, large)), f'blob {number}')
    db.close()


def read_many(address, count, large, clients):
    """So many clients read everything, each in another order."""
    count, large = int(count), int(large)
    workers = Workers()
    for client in range(int(clients)):
        numbers = list(range(count))
        random.Random(client).shuffle(numbers)
        workers.start(read_share, address, numbers, large)
    workers.join()


def keep_writing(address, name, acknowledged):
    """Commits blobs until it is killed, and notes each one that it was told is committed."""
    db = open_db(address, blob_dir=new_directory('client-blobs'))
    conn = db.open()
    with open(acknowledged, 'a') as log:
        for number in itertools.count():
            key = f'{name}-{number}'
            try:
                with conn.transaction_manager:
                    conn.root()[key] = Blob(named_content(key))
            except (ClientDisconnected, POSException.StorageTransactionError):
                return
            print(key, file=log, flush=True)
            say(f'committed {key}')


def named_content(key):
    source = random.Random(key)
    return source.randbytes(source.choice((10, 5_000, 200_000, 1_500_000)))


def check_acknowledged(address, acknowledged):
    db = open_db(address, blob_dir=new_directory('client-blobs'))
    root = db.open().root()
    with open(acknowledged) as log:
        keys = log.read().split()
    for key in keys:
        with root[key].open() as file:
            check(file.read() == named_content(key), f'blob {key}')
    db.close()
    return {'blobs': len(keys)}


if __name__ == '__main__':
    main(write, read, broken, others, read_one, undo, add, read_added, missing, pack, away, write_many, read_many,
         keep_writing, check_acknowledged)
