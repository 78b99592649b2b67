"""Clients that ask for much and read nothing, beside one that does what clients do."""

import socket
import time

from ZODB.utils import maxtid, p64, z64

from scenario import check, check_equal, hear, main, record, say
from zeowire import Closed, Wire

OBJECT = 'x' * 1_000_000
SLOW = 3
ASKED = 1000


def slow(address):
    good = Wire(address).handshake()
    good.register()
    for n in range(10):
        good.commit(p64(n), z64, record(OBJECT), txn=n)
    latency(good, 50)
    usual = latency(good, 200)
    say('measured')
    hear()

    readers = [asker(address) for _ in range(SLOW)]
    beside = latency(good, 200)
    say('asked')
    hear()
    # Reading now, they find that they were dropped, before all that they asked for.
    for reader in readers:
        check(replies(reader) < ASKED, 'a client that did not read was served in full')
    again = Wire(address).handshake()
    again.register()
    check_equal(again.call('loadBefore', p64(1), maxtid, id=(p64(1), maxtid))[0], record(OBJECT), 'object')
    check_equal(good.call('ping'), None, 'ping')
    return {'usual_p99_us': usual, 'beside_p99_us': beside}


def asker(address):
    wire = Wire(address)
    wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    wire.handshake().register()
    for n in range(ASKED):
        oid = p64(n % 10)
        wire.send((oid, maxtid), False, 'loadBefore', (oid, maxtid))
    return wire


def latency(wire, rounds):
    """The 99th percentile of the time that a load takes, in microseconds."""
    times = []
    for n in range(rounds):
        start = time.perf_counter()
        wire.call('getTid', p64(n % 10))
        times.append(time.perf_counter() - start)
    return int(sorted(times)[rounds * 99 // 100] * 1e6)


def replies(wire):
    count = 0
    try:
        while count < ASKED:
            wire.read_frame()
            count += 1
    except (Closed, ConnectionError):
        pass
    return count


if __name__ == '__main__':
    main(slow)
