"""What a client is told when it cannot have what it asks for."""

import transaction
from BTrees.Length import Length
from persistent.mapping import PersistentMapping
from ZEO.Exceptions import ClientDisconnected
from ZODB.POSException import ConflictError, POSKeyError, ReadConflictError, ReadOnlyError
from ZODB.utils import maxtid, p64, z64

from scenario import MinPO, check, check_equal, connect, fails, main, open_db, record
from zeowire import Closed, Wire, raises


def two(address):
    """Two connections of two clients, each with a transaction of its own, on one object of each kind."""
    # With server_sync a transaction begins with what was committed before it, not only with what this client was told of.
    db = open_db(address, server_sync=True)
    with db.transaction() as conn:
        conn.root()['mapping'] = PersistentMapping()
        conn.root()['length'] = Length()
        conn.root()['other'] = MinPO(0)
    managers = [transaction.TransactionManager() for _ in range(2)]
    dbs = [db, open_db(address, server_sync=True)]
    return dbs, managers, [dbs[n].open(managers[n]).root() for n in range(2)]


def conflicts(address):
    dbs, (one, other), (mine, theirs) = two(address)

    # Nobody can resolve it: the error names the object and both revisions.
    one.begin(), other.begin()
    mine['mapping']['a'] = 1
    theirs['mapping']['b'] = 2
    read = mine['mapping']._p_serial
    other.commit()
    error = fails(ConflictError, one.commit)
    check_equal(error.oid, theirs['mapping']._p_oid, 'oid of the conflict')
    check_equal(tuple(error.serials), (theirs['mapping']._p_serial, read), 'serials of the conflict: committed, read')
    one.abort()

    # It can be resolved: both changes are there.
    one.begin(), other.begin()
    mine['length'].change(5)
    theirs['length'].change(7)
    mine['other'].value = 1
    other.commit()
    one.commit()
    one.begin(), other.begin()
    check_equal((mine['length'](), theirs['length']()), (12, 12), 'resolved length')
    check_equal(theirs['other'].value, 1, 'object in the transaction with the resolved conflict')

    # What was only read has changed.
    one.begin(), other.begin()
    mine['other']._p_activate()
    mine['mapping']['c'] = 3
    mine['mapping']._p_jar.readCurrent(mine['other'])
    theirs['other'].value = 2
    other.commit()
    error = fails(ReadConflictError, one.commit)
    check_equal(error.oid, mine['other']._p_oid, 'oid of the read conflict')
    one.abort()

    # What was only read has not changed.
    one.begin()
    mine['other']._p_activate()
    mine['mapping']['c'] = 3
    mine['mapping']._p_jar.readCurrent(mine['other'])
    one.commit()
    other.begin()
    check_equal((theirs['mapping']['c'], theirs['other'].value), (3, 2), 'values')
    for db in dbs:
        db.close()

    storage = connect(address)
    for oid in p64(1 << 33), b'\xff' * 8:
        fails(POSKeyError, storage.loadBefore, oid, maxtid)
        fails(POSKeyError, storage.load, oid)
        fails(POSKeyError, storage.getTid, oid)
        fails(POSKeyError, storage.loadSerial, oid, p64(5))
    check_equal(storage.loadBefore(z64, p64(5)), None, 'root before the first transaction')
    fails(POSKeyError, storage.loadSerial, z64, p64(5))
    storage.close()
    fails(ClientDisconnected, connect, address, 'nope', wait_timeout=2)


def read_only(address):
    """The server is read-only: who wants to write is refused, who wants to read is not."""
    wire = Wire(address).handshake()
    check_equal(tuple(raises('ZODB.POSException.ReadOnlyError', wire.register, '1', False)), (), 'detail')
    wire.register('1', True)
    raises('ZODB.POSException.ReadOnlyError', wire.call, 'new_oids')
    raises('ZODB.POSException.ReadOnlyError', wire.call, 'vote', 1)
    refuses_a_transaction(wire)

    storage = connect(address, read_only_fallback=True)
    check(storage.is_read_only(), 'the client does not know that it can only read')
    data, tid = storage.load(z64)
    check(data, 'root')
    check_equal(storage.lastTransaction() >= tid, True, 'last transaction')
    fails(ReadOnlyError, storage.new_oid)
    storage.close()
    fails(ClientDisconnected, connect, address, wait_timeout=2)


def read_only_client(address):
    """A client that registered to read is refused to write, by a server where others may."""
    wire = Wire(address).handshake()
    wire.register('1', True)
    raises('ZODB.POSException.ReadOnlyError', wire.call, 'new_oids')
    refuses_a_transaction(wire)


def refuses_a_transaction(wire):
    """At its begin, by closing, since nobody asked for an answer, or at its vote."""
    wire.begin(1)
    wire.tell('storea', z64, z64, record('nothing'), 1)
    try:
        raises('ZODB.POSException.ReadOnlyError', wire.call, 'vote', 1)
    except (Closed, ConnectionError):
        pass


def two_storages(address):
    """Two storages in one server know nothing of each other."""
    dbs = {name: open_db(address, name) for name in ('first', 'second')}
    for name, db in dbs.items():
        with db.transaction() as conn:
            conn.root()['name'] = name
            conn.root()['only ' + name] = MinPO(name)
    # A vote in one does not hold up the other.
    wires = {name: Wire(address).handshake() for name in dbs}
    for name, wire in wires.items():
        wire.register(name)
        wire.begin(1)
        tid = wire.call('getTid', z64)
        wire.tell('storea', z64, tid, wire.call('loadSerial', z64, tid), 1)
        check_equal(list(wire.call('vote', 1)), [], f'vote in {name}')
    tids = {name: wire.call('tpc_finish', 1) for name, wire in wires.items()}
    for name, db in dbs.items():
        db.close()
        storage = connect(address, name)
        check_equal(storage.lastTransaction(), tids[name], f'last transaction of {name}')
        storage.close()
        db = open_db(address, name)
        check_equal(sorted(db.open().root()), sorted(['name', 'only ' + name]), f'root of {name}')
        db.close()
    fails(ClientDisconnected, connect, address, '1', wait_timeout=2)


if __name__ == '__main__':
    main(conflicts, read_only, read_only_client, two_storages)
