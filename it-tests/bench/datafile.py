"""The Data.fs that every server of a run starts from, written once by Python's FileStorage."""

import os
import random
import shutil
import struct

import transaction
from persistent.mapping import PersistentMapping
from ZODB import DB
from ZODB.Connection import TransactionMetaData
from ZODB.blob import Blob
from ZODB.FileStorage import FileStorage
from ZODB.serialize import ObjectWriter
from ZODB.utils import z64

OBJECTS = 100_000
OBJECTS_IN_A_TRANSACTION = 1000
# Of these, older revisions are loaded.
HISTORY_OBJECTS = 1000
HISTORY_REVISIONS = 20
# Makes records of about 500 bytes, with what ZODB puts around it.
PAYLOAD_BYTES = 430


def make(target):
    """
    Returns a directory with Data.fs and its index: oids 1 to OBJECTS are mappings, the one after them is a blob's, and behind
    that are the objects that have a history.
    """
    directory = os.path.join(target, f"data-{OBJECTS}-{PAYLOAD_BYTES}-{HISTORY_OBJECTS}x{HISTORY_REVISIONS}")
    if not os.path.exists(directory):
        unfinished = directory + ".tmp"
        shutil.rmtree(unfinished, ignore_errors=True)
        os.makedirs(unfinished)
        _write(os.path.join(unfinished, "Data.fs"))
        os.rename(unfinished, directory)
    return directory


def make_many(target, objects):
    """Returns a directory with a Data.fs of so many small objects, written as the format has them; the first start adds the index."""
    directory = os.path.join(target, f"data-many-{objects}")
    if not os.path.exists(directory):
        unfinished = directory + ".tmp"
        shutil.rmtree(unfinished, ignore_errors=True)
        os.makedirs(unfinished)
        _write_many(os.path.join(unfinished, "Data.fs"), objects)
        os.rename(unfinished, directory)
    return directory


def _write_many(path, objects):
    record = ObjectWriter().serialize(PersistentMapping())
    record_header = struct.Struct(">QQQQHQ")
    first_tid = 0x03F0_0000_0000_0000
    with open(path, "wb") as f:
        position = f.write(b"FS30")
        for first in range(0, objects, OBJECTS_IN_A_TRANSACTION):
            oids = range(first, min(first + OBJECTS_IN_A_TRANSACTION, objects))
            length = 23 + len(oids) * (record_header.size + len(record))
            tid = first_tid + first
            parts = [struct.pack(">QQcHHH", tid, length, b" ", 0, 0, 0)]
            for oid in oids:
                parts += (record_header.pack(oid, tid, 0, position, 0, len(record)), record)
            parts.append(struct.pack(">Q", length))
            position += f.write(b"".join(parts))


def blob_oid():
    return OBJECTS + 1


def first_with_history():
    return OBJECTS + 2


def record_bytes():
    return len(_record(random.Random(1)))


def _write(path):
    storage = FileStorage(path)
    # Opening makes the root object, whose oid is 0.
    DB(storage).open().close()
    transaction.abort()
    payloads = random.Random(1)
    for first in range(1, OBJECTS + 1, OBJECTS_IN_A_TRANSACTION):
        last = min(first + OBJECTS_IN_A_TRANSACTION - 1, OBJECTS)
        _commit(storage, [_record(payloads) for _ in range(first, last + 1)])
    _commit(storage, [ObjectWriter().serialize(Blob())])
    oids = [storage.new_oid() for _ in range(HISTORY_OBJECTS)]
    serial = z64
    for _ in range(HISTORY_REVISIONS):
        serial = _commit(storage, [_record(payloads) for _ in oids], oids, serial)
    storage.close()


def _record(payloads):
    return ObjectWriter().serialize(PersistentMapping(payload=payloads.randbytes(PAYLOAD_BYTES)))


def _commit(storage, records, oids=None, serial=z64):
    meta = TransactionMetaData()
    storage.tpc_begin(meta)
    for data, oid in zip(records, oids or iter(storage.new_oid, None)):
        storage.store(oid, serial, data, "", meta)
    storage.tpc_vote(meta)
    return storage.tpc_finish(meta)
