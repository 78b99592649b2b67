"""Clients that come and go by the hundred, properly or not."""

from scenario import main, open_db
from zeowire import Wire, raises


def label(address, text):
    open_db(address, client_label=text).close()


def read_only(address):
    """A server that is read-only takes those clients only who say that they are."""
    raises('ZODB.POSException.ReadOnlyError', Wire(address).handshake().register)
    open_db(address, read_only=True).close()


def flood(address, count):
    for _ in range(int(count)):
        good = Wire(address).handshake()
        good.register()
        good.close()
        bad = Wire(address)
        bad.send_frame(b'rubbish')
        bad.await_close()


if __name__ == '__main__':
    main(label, flood, read_only)
