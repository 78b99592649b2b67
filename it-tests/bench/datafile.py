"""The Data.fs that every server of a run starts from, written once by Python's FileStorage."""

import os
import random
import shutil

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
# Makes records of about 500 bytes, with what ZODB puts around it.
PAYLOAD_BYTES = 430


def make(target):
    """Returns a directory with Data.fs and its index: oids 1 to OBJECTS are mappings, the one after them is a blob's."""
    directory = os.path.join(target, f"data-{OBJECTS}-{PAYLOAD_BYTES}")
    if not os.path.exists(directory):
        unfinished = directory + ".tmp"
        shutil.rmtree(unfinished, ignore_errors=True)
        os.makedirs(unfinished)
        _write(os.path.join(unfinished, "Data.fs"))
        os.rename(unfinished, directory)
    return directory


def blob_oid():
    return OBJECTS + 1


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
    storage.close()


def _record(payloads):
    return ObjectWriter().serialize(PersistentMapping(payload=payloads.randbytes(PAYLOAD_BYTES)))


def _commit(storage, records):
    meta = TransactionMetaData()
    storage.tpc_begin(meta)
    for data in records:
        storage.store(storage.new_oid(), z64, data, "", meta)
    storage.tpc_vote(meta)
    storage.tpc_finish(meta)
