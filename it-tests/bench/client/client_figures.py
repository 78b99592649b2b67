"""What Python's ClientStorage does in a second, as lines of name and number. Arguments: address, oids file, blob directory."""

import os
import sys
import tempfile
import time

from ZEO.ClientStorage import ClientStorage
from ZODB.utils import maxtid, p64


def main(address, oids_file, blobs):
    host, port = address.rsplit(':', 1)
    with open(oids_file) as file:
        blob_oids = [p64(int(oid)) for oid in file.readline().split()]
        oids = [p64(int(line)) for line in file]

    def connect():
        return ClientStorage((host, int(port)), '1', cache_size=500 << 20,
                             blob_dir=tempfile.mkdtemp(dir=blobs), wait_timeout=60)

    storage = connect()
    report('sequential', len(oids), lambda: [storage.loadBefore(oid, maxtid) for oid in oids])
    report('hits', len(oids), lambda: [storage.loadBefore(oid, maxtid) for oid in oids])
    storage.close()

    storage = connect()
    before = p64(int.from_bytes(storage.lastTransaction(), 'big') + 1)

    def bulk():
        storage.prefetch(oids, before)
        for oid in oids:
            storage.loadBefore(oid, before)

    report('bulk', len(oids), bulk)
    for blob_oid in blob_oids:
        serial = storage.loadBefore(blob_oid, maxtid)[1]
        start = time.perf_counter()
        path = storage.loadBlob(blob_oid, serial)
        seconds, size = time.perf_counter() - start, os.path.getsize(path)
        print(f'blob{size // 1_000_000}', size / seconds / 1e6, flush=True)
    storage.close()


def report(name, count, work):
    start = time.perf_counter()
    work()
    print(name, count / (time.perf_counter() - start), flush=True)


if __name__ == '__main__':
    main(*sys.argv[1:])
