"""Blobs that are in a bucket when clients ask for them."""

import random
import threading
import time

import transaction
from ZEO.Exceptions import ServerException
from ZODB.blob import Blob

from scenario import MinPO, check, check_equal, connect, fails, hear, main, new_directory, open_db, say

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


if __name__ == '__main__':
    main(write, read, broken, others)
