"""Blobs in every size, up and down."""

import hashlib
import os
import random
import stat

import transaction
from ZODB.blob import BushyLayout, Blob
from ZODB.POSException import POSKeyError
from ZODB.utils import p64

from scenario import (MinPO, Workers, await_until, check, check_equal, commit_with_retries, connect, fails, main,
                      multiprocessing, new_directory, open_db)

FEWEST_SMALL = 5
SIZES = 0, 1, 58_999, 59_000, 59_001, 59_999, 60_000, 60_001, 1_000_000


def content(size, seed):
    return random.Random(seed).randbytes(size)


def blob_directory(server_blobs, shared):
    """The client's: the server's own, or one with nothing in it."""
    if shared == 'shared':
        return dict(blob_dir=server_blobs, shared_blob_dir=True)
    return dict(blob_dir=new_directory('client-blobs'))


def sizes(address, server_blobs, shared):
    db = open_db(address, **blob_directory(server_blobs, shared))
    with db.transaction() as conn:
        for size in SIZES:
            conn.root()[f'blob {size}'] = Blob(content(size, size))
    tids = {}
    first = db.open().root()
    for size in SIZES:
        first[f'blob {size}']._p_activate()
        tids[size] = first[f'blob {size}']._p_serial
    # All together, and each in a transaction with another record, where only some bytes of the file are new.
    for size in SIZES:
        with db.transaction() as conn:
            with conn.root()[f'blob {size}'].open('a') as file:
                file.write(b'second revision')
            conn.root()['last'] = MinPO(size)
    db.close()

    # Another client, which has to ask the server for each of them.
    db = open_db(address, **blob_directory(server_blobs, shared))
    root = db.open().root()
    for size in SIZES:
        blob = root[f'blob {size}']
        with blob.open() as file:
            check_equal(digest(file.read()), digest(content(size, size) + b'second revision'), f'blob of {size} bytes')
        old = db.storage.loadBlob(blob._p_oid, tids[size])
        check_equal(digest(read(old)), digest(content(size, size)), f'first revision of the blob of {size} bytes')
        for tid, expected in (tids[size], size), (blob._p_serial, size + len(b'second revision')):
            check_committed(server_blobs, blob._p_oid, tid, expected)
    oid = root['last']._p_oid
    for missing_oid, missing_tid in (oid, root['last']._p_serial), (p64(1 << 40), p64(1)), (blob._p_oid, p64(7)):
        fails(POSKeyError, db.storage.loadBlob, missing_oid, missing_tid)
    check_equal(open(os.path.join(server_blobs, '.layout')).read().strip(), 'bushy', 'layout')
    db.close()
    await_until(lambda: temporary_files(server_blobs) == [], 'no temporary files in the blob directory')


def check_committed(server_blobs, oid, tid, size):
    path = os.path.join(server_blobs, BushyLayout().getBlobFilePath(oid, tid))
    check(os.path.exists(path), f'{path} does not exist')
    status = os.stat(path)
    check_equal(status.st_size, size, f'size of {path}')
    check_equal(stat.S_IMODE(status.st_mode) & 0o222, 0, f'write permissions of {path}')
    folder = os.stat(os.path.dirname(path))
    check_equal(status.st_mode & 0o444, folder.st_mode & 0o444, f'read permissions of {path}, as of its directory')


def temporary_files(server_blobs):
    return [os.path.join(folder, name) for folder, _, names in os.walk(server_blobs) for name in names
            if not name.endswith('.blob') and name not in ('.layout', '.lock', '.zeolite-lock')]


def aborted(address, server_blobs):
    """Uploads that are not committed leave nothing."""
    db = open_db(address, blob_dir=new_directory('client-blobs'))
    with db.transaction() as conn:
        conn.root()['blob'] = Blob(b'committed')
    conn = db.open()
    blob = conn.root()['blob']
    for n in range(3):
        with blob.open('w') as file:
            file.write(b'aborted' * 100_000)
        current = transaction.get()
        conn.tpc_begin(current)
        conn.commit(current)
        if n:
            conn.tpc_vote(current)
        conn.tpc_abort(current)
        transaction.abort()
        conn.sync()
        with blob.open() as file:
            check_equal(file.read(), b'committed', 'the blob')
    oid, tid = blob._p_oid, blob._p_serial
    db.close()
    await_until(lambda: temporary_files(server_blobs) == [], 'no temporary files in the blob directory')
    folder = os.path.join(server_blobs, BushyLayout().oid_to_path(oid))
    check_equal([name for name in os.listdir(folder) if name.endswith('.blob')], [f'0x{tid.hex()}.blob'], 'committed blobs')


def big(address, server_blobs, megabytes):
    """A big blob up and down, while others commit small transactions; they must get on meanwhile."""
    megabytes = int(megabytes)
    source = 'big-source'
    expected = write_big(source, megabytes)
    db = open_db(address)
    with db.transaction() as conn:
        conn.root()['small'] = {n: MinPO(0) for n in range(2)}
    db.close()
    ended, counts = multiprocessing.Event(), multiprocessing.Array('q', 2)
    others = Workers()
    for n in range(2):
        others.start(commit_small, address, n, ended, counts)
    await_until(lambda: min(counts) > 0, 'small transactions before the big blob')

    db = open_db(address, blob_dir=new_directory('client-blobs'))
    before = list(counts)
    with db.transaction() as conn:
        conn.root()['big'] = blob = Blob()
        blob.consumeFile(source)
    uploading = [now - then for now, then in zip(counts, before)]
    oid = blob._p_oid
    tid = db.storage.load(oid)[1]
    db.close()
    check_committed(server_blobs, oid, tid, megabytes << 20)

    storage = connect(address, blob_dir=new_directory('client-blobs'))
    before = list(counts)
    path = storage.loadBlob(oid, tid)
    downloading = [now - then for now, then in zip(counts, before)]
    check_equal(file_digest(path), expected, 'SHA-256 of the big blob')
    storage.close()
    ended.set()
    others.join()
    # It was a hundred on a busy machine. Where everything takes longer, the transfer does too.
    check(min(uploading) >= FEWEST_SMALL, f'small transactions during the upload: {uploading}')
    check(min(downloading) >= FEWEST_SMALL, f'small transactions during the download: {downloading}')
    return {'uploading': min(uploading), 'downloading': min(downloading)}


def commit_small(address, number, ended, counts):
    db = open_db(address)
    manager = transaction.TransactionManager()
    obj = db.open(manager).root()['small'][number]

    def change():
        obj.value += 1

    while not ended.is_set():
        check_equal(commit_with_retries(manager, change), 0, 'conflicts')
        counts[number] += 1
    db.close()


def write_big(path, megabytes):
    rng = random.Random(megabytes)
    sha = hashlib.sha256()
    with open(path, 'wb') as file:
        for _ in range(megabytes):
            piece = rng.randbytes(1 << 20)
            sha.update(piece)
            file.write(piece)
    return sha.hexdigest()


def read(path):
    with open(path, 'rb') as file:
        return file.read()


def digest(data):
    return len(data), hashlib.sha256(data).hexdigest()


def file_digest(path):
    with open(path, 'rb') as file:
        return hashlib.file_digest(file, 'sha256').hexdigest()


if __name__ == '__main__':
    main(sizes, aborted, big)
