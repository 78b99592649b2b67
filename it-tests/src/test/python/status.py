"""What monitors and clients are told of a server: every field, and every count after each step."""

import json
import os
import re
import socket
import struct
import time

from scenario import await_until, check, check_equal, host_port, main, record
from zeowire import ErrorReply, Wire, raises

z64 = b'\0' * 8
MAXTID = b'\x7f' + b'\xff' * 7
FIELDS = ['connections', 'loads', 'stores', 'commits', 'aborts', 'active_txns', 'lock_time', 'conflicts',
          'conflicts_resolved', 'start', 'waiting', 'timeout-thread-is-alive', 'last-transaction']


def registered(address):
    wire = Wire(address).handshake()
    wire.register()
    return wire


def ruok(address):
    """As monitors ask: without listening first, and with one recv for each message."""
    with socket.create_connection(host_port(address), 10) as connection:
        connection.sendall(b'\0\0\0\4ruok')
        for _ in range(2):
            size = struct.unpack('>I', connection.recv(4))[0]
            message = connection.recv(size)
        return json.loads(message)


def expect(wire, address, **changed):
    """The status in both ways; what was not changed is 0, but for one connection."""
    found = wire.call('server_status')
    check_equal(list(found), FIELDS, 'fields of server_status')
    check_equal(ruok(address), {'1': found}, 'ruok, beside server_status')
    expected = dict.fromkeys(FIELDS, 0) | {'connections': 1, 'lock_time': None, 'timeout-thread-is-alive': True} | changed
    for field in FIELDS:
        if field not in ('start', 'last-transaction', 'lock_time') or field in changed:
            check_equal(found[field], expected[field], field)
    check(re.fullmatch(r'\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}', found['start']), f"start: {found['start']}")
    check(abs(time.mktime(time.strptime(found['start'])) - time.time()) < 600, f"start: {found['start']}")
    return found


def counts(address, kind):
    wire = registered(address)
    check_equal(expect(wire, address)['last-transaction'], '0' * 16, 'last transaction of an empty storage')
    oid = wire.call('new_oids')[0]
    wire.begin(1)
    wire.call('ping')
    expect(wire, address, active_txns=1)
    wire.tell('storea', oid, z64, record('one'), 1)
    wire.call('ping')
    expect(wire, address, active_txns=1, stores=1)
    check_equal(list(wire.call('vote', 1)), [], 'vote')
    locked = wire.call('server_status')['lock_time']
    check(isinstance(locked, float) and abs(locked - time.time()) < 60, f'lock_time: {locked!r}')
    tid = wire.call('tpc_finish', 1)
    so_far = dict(stores=1, commits=1)
    found = expect(wire, address, **so_far, lock_time=None)
    check_equal(found['last-transaction'], tid.hex(), 'last transaction')

    wire.call('loadBefore', oid, MAXTID, id=(oid, MAXTID))
    raises('ZODB.POSException.POSKeyError', wire.call, 'loadBefore', b'\0' * 7 + b'\x7f', MAXTID, id=(b'\0' * 7 + b'\x7f', MAXTID))
    wire.call('getTid', oid)
    wire.call('loadSerial', oid, tid)
    so_far |= dict(loads=2)
    expect(wire, address, **so_far)

    # A conflict: counted once, and the transaction goes on until it is aborted.
    wire.begin(2)
    wire.tell('storea', oid, z64, record('late'), 2)
    try:
        check_equal(len(wire.call('vote', 2)), 1, 'conflicts in the answer')
    except ErrorReply as error:
        check_equal(error.name, 'ZODB.POSException.ConflictError', 'answer to the vote')
    wire.call('tpc_abort', 2)
    # It is answered at once, and its locks go a moment later.
    await_until(lambda: wire.call('server_status')['lock_time'] is None, 'no lock')
    # Python's server counts those only that it tries to resolve itself.
    so_far |= dict(stores=2, conflicts=0 if kind == 'python' else 1, aborts=1)
    expect(wire, address, **so_far)

    # A vote that waits for another.
    holder, waiting = registered(address), registered(address)
    for number, other in enumerate((holder, waiting)):
        other.begin(3)
        other.tell('storea', oid, tid, record(f'of {number}'), 3)
        other.call('ping')
    check_equal(list(holder.call('vote', 3)), [], 'vote of the holder')
    vote = waiting.ask('vote', 3)
    so_far |= dict(stores=4)
    # An answer to a later call of that client does not tell that its vote has got as far as to wait.
    await_until(lambda: wire.call('server_status')['waiting'] == 1, 'one waiting vote')
    found = wire.call('server_status')
    check_equal((found['connections'], found['active_txns'], found['waiting']), (3, 2, 1), 'connections, transactions, waiting')
    holder.call('tpc_abort', 3)
    check_equal(list(waiting.answer(vote)), [], 'vote of the other')
    waiting.call('tpc_finish', 3)
    so_far |= dict(aborts=2, commits=2)
    holder.close()
    waiting.close()
    await_until(lambda: wire.call('server_status')['connections'] == 1, 'one connection')
    expect(wire, address, **so_far)


def infos(*addresses):
    """What clients look at to see what a storage can do."""
    compared = 0
    for storage in 'file', 'blobs', 'mapping', 'named', 'demo', 'of-files':
        for read_only in False, True:
            wires = [Wire(address).handshake() for address in addresses]
            for wire in wires:
                wire.register(storage, read_only)
            check_equal(*[info(wire) for wire in wires], f'info of {storage}, read-only: {read_only}')
            for wire in wires:
                if not read_only:
                    wire.commit(wire.call('new_oids')[0], z64, record('one'))
            check_equal(*[info(wire) for wire in wires], f'info of {storage} after a commit, read-only: {read_only}')
            compared += 2
            for wire in wires:
                wire.close()
    return dict(compared=compared)


def info(wire):
    found = wire.call('get_info')
    found['name'] = os.path.basename(found['name'])
    found['interfaces'] = sorted(tuple(name) for name in found['interfaces'])
    return found


if __name__ == '__main__':
    main(counts, infos)
