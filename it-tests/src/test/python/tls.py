"""Clients over TLS: those that get in, those that do not, and those that stay while certificates change."""

import socket
import ssl
import time

from ZEO.Exceptions import ClientDisconnected
from ZODB.Connection import TransactionMetaData
from ZODB.utils import maxtid, p64, z64

from scenario import (
    MinPO, check, check_equal, connect, fails, hear, host_port, main, open_db, record, say, tls_context)


def works(address, hostname='localhost'):
    """Commits and reads back in another connection."""
    db = open_db(address, ssl_server_hostname=hostname)
    with db.transaction() as conn:
        conn.root()['object'] = MinPO('over TLS')
    db.close()
    db = open_db(address, ssl_server_hostname=hostname)
    check_equal(db.open().root()['object'].value, 'over TLS', 'object')
    db.close()


def refused(address, hostname='localhost'):
    fails(ClientDisconnected, connect, address, wait_timeout=1, ssl_server_hostname=hostname)


def stay(address):
    """Stays connected, and commits and tells which certificate new connections get when it is asked."""
    db = open_db(address)
    generation = db.storage._connection_generation
    conn = db.open()
    say('ready')
    while (command := hear()) != 'end':
        with conn.transaction_manager:
            conn.root()['said'] = command
        check_equal(db.storage._connection_generation, generation, 'connections')
        say(f'shown {shown(address)}')
    db.close()


def shown(address):
    """The organization in the certificate of the server, which tells the two apart."""
    certificate, _, address = address.rpartition('@')
    with socket.create_connection(host_port(address)) as plain:
        with tls_context(certificate).wrap_socket(plain, server_hostname='localhost') as secure:
            subject = {key: value for ((key, value),) in secure.getpeercert()['subject']}
            return subject.get('organizationName', 'first')


def mismatch(tls_address, plain_address):
    """Either kind of client at the other kind of server notices at once, or is dropped by the server."""
    start = time.monotonic()
    with socket.create_connection(host_port(plain_address), 20) as plain:
        fails(ssl.SSLError, tls_context('client').wrap_socket, plain, server_hostname='localhost')
    check(time.monotonic() - start < 5, 'TLS client at a plain server takes long')
    with socket.create_connection(host_port(tls_address), 20) as plain:
        plain.sendall(b'\0\0\0\4ruok')
        check_equal(read_all(plain), b'', 'what a plain client gets')
    with socket.create_connection(host_port(tls_address), 20) as silent:
        check_equal(read_all(silent), b'', 'what a silent client gets')
    fails(ClientDisconnected, connect, tls_address, wait_timeout=1)
    fails(ClientDisconnected, connect, 'client@' + plain_address, wait_timeout=1)
    works('client@' + tls_address)
    works_plainly(plain_address)


def works_plainly(address):
    db = open_db(address)
    with db.transaction() as conn:
        conn.root()['object'] = MinPO('in the clear')
    db.close()


def read_all(connection):
    """Everything until the server closes; some kernels say reset when it does so with bytes unread."""
    data = b''
    try:
        while piece := connection.recv(1000):
            data += piece
    except ConnectionResetError:
        pass
    return data


def quick_close(address):
    """Connects and resets, in all stages of a handshake; the server must not mind."""
    for n in range(50):
        with socket.create_connection(host_port(address)) as plain:
            if n % 2:
                plain.sendall(b'\x16\x03\x01\x02\x00\x01'[:n % 7])
    works('client@' + address)


def prefetch(address):
    """Asks at once for twice as much as is kept for a client that does not read, and reads it."""
    oids = [p64(n) for n in range(1500)]
    writer = connect(address)
    transaction = TransactionMetaData()
    writer.tpc_begin(transaction)
    for oid in oids:
        writer.store(oid, z64, record(b'x' * 25_000), '', transaction)
    writer.tpc_vote(transaction)
    writer.tpc_finish(transaction)
    writer.close()
    reader = connect(address, cache_size=200 << 20)
    generation = reader._connection_generation
    reader.prefetch(oids, maxtid)
    for oid in oids:
        check(len(reader.loadBefore(oid, maxtid)[0]) > 25_000, 'a record is cut off')
    check_equal(reader._connection_generation, generation, 'connections')
    reader.close()


if __name__ == '__main__':
    main(works, refused, stay, mismatch, quick_close, works_plainly, prefetch)
