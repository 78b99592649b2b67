"""Copies of whole storages, from server to server, to a file, and back with blobs."""

import os
import shutil

from ZODB.blob import is_blob_record
from ZODB.FileStorage import FileStorage
from ZODB.POSException import POSKeyError
from ZODB.utils import p64, u64, z64

from files import make
from iterate import lines
from scenario import check, check_equal, connect, main, new_directory


def copy(source_address, destination_address):
    """Python's way from server to server: it copies records, and leaves the files of blobs behind."""
    source = connect(source_address)
    destination = connect(destination_address)
    check(hasattr(destination, 'restore'), 'the destination does not restore')
    destination.copyTransactionsFrom(source)
    everything = lines(source)
    check_equal(lines(destination), everything, 'the copy')
    check_equal(destination.lastTransaction(), source.lastTransaction(), 'the last transaction')
    check_equal(len(destination), len(source), 'objects')
    for txn in source.iterator():
        for record in txn:
            for before in (record.tid, p64(u64(record.tid) + 1)):
                check_equal(load(destination, record.oid, before), load(source, record.oid, before),
                            f'{record.oid.hex()} before {before.hex()}')
    check_equal(undoable(destination), undoable(source), 'what can be undone')
    source.close()
    destination.close()
    return {'lines': len(everything)}


def undoable(storage):
    """Without the times: what a float makes of a tid is not the same to the last digit everywhere."""
    return [{key: value for key, value in entry.items() if key != 'time'} for entry in storage.undoLog(0, -1000)]


def load(storage, oid, before):
    try:
        return storage.loadBefore(oid, before)
    except POSKeyError:
        return 'POSKeyError'


def compare(source_path, copy_path):
    """Two data files, as Python reads them."""
    with open(source_path, 'rb') as one, open(copy_path, 'rb') as other:
        same = one.read() == other.read()
    source = FileStorage(source_path, read_only=True)
    copied = FileStorage(copy_path, read_only=True)
    check_equal(in_full(copied), in_full(source), 'the copied file')
    source.close()
    copied.close()
    return {'identical': int(same)}


def in_full(storage):
    return [(txn.tid, txn.status, txn.user, txn.description, txn.extension_bytes,
             [(record.oid, record.tid, record.data, record.data_txn) for record in txn])
            for txn in storage.iterator()]


def to_file(address, original):
    """From a server into a file, blobs included."""
    home = new_directory('copied')
    source = connect(address, blob_dir=new_directory('cache'))
    path = os.path.join(home, 'Data.fs')
    blobs = os.path.join(home, 'blobs')
    copied = FileStorage(path, blob_dir=blobs)
    copied.copyTransactionsFrom(source)
    copied.close()
    source.close()
    compare(os.path.join(original, 'Data.fs'), path)
    return {'blobs': same_blobs(os.path.join(original, 'blobs'), blobs)}


def blob_files(directory):
    found = {}
    for base, _, names in os.walk(directory):
        for name in names:
            if name.endswith('.blob'):
                path = os.path.join(base, name)
                with open(path, 'rb') as file:
                    found[os.path.relpath(path, directory)] = file.read()
    return found


def same_blobs(original, copied):
    expected = blob_files(original)
    found = blob_files(copied)
    check_equal(sorted(found), sorted(expected), 'blob files')
    check(found == expected, 'the content of blob files')
    return len(expected)


def with_blobs(source_address, destination_address):
    """From server to server, blobs included: stored with the serial that is current, in a transaction with the source's tid."""
    source = connect(source_address, blob_dir=new_directory('cache'))
    destination = connect(destination_address, blob_dir=new_directory('cache'))
    count = 0
    for txn in source.iterator():
        destination.tpc_begin(txn, txn.tid, txn.status)
        for record in txn:
            path = blob_path(source, record)
            if path is None:
                destination.restore(record.oid, record.tid, record.data, '', record.data_txn, txn)
            else:
                staged = os.path.join(new_directory('staged'), 'blob')
                shutil.copy(path, staged)
                destination.storeBlob(record.oid, serial(destination, record.oid), record.data, staged, '', txn)
                count += 1
        destination.tpc_vote(txn)
        check_equal(destination.tpc_finish(txn), txn.tid, 'the tid')
    for txn in source.iterator():
        for record in txn:
            path = blob_path(source, record)
            if path is not None:
                with open(path, 'rb') as one, open(destination.loadBlob(record.oid, record.tid), 'rb') as other:
                    check(one.read() == other.read(), f'the blob {record.oid.hex()} of {record.tid.hex()}')
            check_equal(load(destination, record.oid, p64(u64(record.tid) + 1)),
                        load(source, record.oid, p64(u64(record.tid) + 1)), f'{record.oid.hex()} at {record.tid.hex()}')
    source.close()
    destination.close()
    return {'blobs': count}


def blob_path(storage, record):
    if not is_blob_record(record.data):
        return None
    try:
        return storage.loadBlob(record.oid, record.tid)
    except POSKeyError:
        return None


def serial(storage, oid):
    try:
        return storage.getTid(oid)
    except POSKeyError:
        return z64


if __name__ == '__main__':
    main(make, copy, compare, to_file, with_blobs)
