"""The ZEO protocol by hand, for what a ZEO client would never send."""

import io
import pickle
import socket
import struct

import msgpack

from scenario import check, check_equal, host_port

REPLY_TIME = 20


class Closed(Exception):
    """The server has closed the connection."""


class ErrorReply(Exception):
    def __init__(self, name, detail):
        super().__init__(name, detail)
        self.name = name
        self.detail = detail


class PickleCodec:
    letter = b'Z'

    @staticmethod
    def encode(*message):
        out = io.BytesIO()
        pickler = pickle.Pickler(out, 3)
        pickler.fast = True
        pickler.dump(message)
        return out.getvalue()

    decode = staticmethod(pickle.loads)


class MsgpackCodec:
    letter = b'M'

    @staticmethod
    def encode(*message):
        return msgpack.packb(message, use_bin_type=True)

    @staticmethod
    def decode(data):
        return msgpack.unpackb(data, raw=False, use_list=False)


CODECS = {codec.letter: codec for codec in (PickleCodec, MsgpackCodec)}


class Wire:
    """One connection. A message that nobody waits for (an invalidation, a reply to another call) goes to .others."""

    def __init__(self, address):
        self.socket = socket.create_connection(host_port(address), REPLY_TIME)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.input = self.socket.makefile('rb')
        self.announced = self.read_frame()
        check(self.announced in (b'Z5', b'M5'), f'announcement: {self.announced!r} (expected: Z5 or M5)')
        self.codec = CODECS[self.announced[:1]]
        self.last_id = 0
        self.others = []

    def handshake(self, answer=None):
        answer = answer or self.announced
        self.send_frame(answer)
        self.codec = CODECS[answer[:1]]
        return self

    def register(self, storage='1', read_only=False):
        return self.call('register', storage, read_only)

    def send_frame(self, body):
        self.socket.sendall(struct.pack('>I', len(body)) + body)

    def read_frame(self):
        """The next frame's body; raises Closed, and TimeoutError when the server neither answers nor closes."""
        try:
            size = self.read(4)
            return self.read(struct.unpack('>I', size)[0])
        except (ConnectionResetError, BrokenPipeError):
            raise Closed() from None

    def read(self, count):
        data = self.input.read(count)
        if len(data) < count:
            raise Closed()
        return data

    def send(self, id, flag, name, args):
        self.send_frame(self.codec.encode(id, flag, name, args))

    def tell(self, name, *args):
        self.send(0, True, name, args)

    def ask(self, name, *args, id=None):
        """Sends a call; the id to await."""
        if id is None:
            self.last_id += 1
            id = self.last_id
        self.send(id, False, name, args)
        return id

    def receive(self):
        return self.codec.decode(self.read_frame())

    def answer(self, id):
        while True:
            message = self.receive()
            check_equal(len(message), 4, 'parts of a message')
            if message[2] == '.reply' and message[0] == id:
                check_equal(type(message[0]), type(id), 'type of the id in the reply')
                if message[1] == 2:
                    raise ErrorReply(*message[3])
                check_equal(message[1], 0, 'flag of a reply')
                return message[3]
            self.others.append(message)

    def call(self, name, *args, id=None):
        return self.answer(self.ask(name, *args, id=id))

    def await_close(self):
        """Reads until the server closes the connection, which it must."""
        try:
            while True:
                self.others.append(self.read_frame())
        except Closed:
            pass
        except TimeoutError:
            check(False, f'the server has not closed the connection within {REPLY_TIME} s')

    def close(self):
        self.socket.close()
        self.input.close()

    def begin(self, txn, description=b'by hand'):
        self.tell('tpc_begin', txn, b'user', description, {}, None, ' ')

    def commit(self, oid, serial, data, txn=1):
        """A whole transaction with one object; its tid."""
        self.begin(txn)
        self.tell('storea', oid, serial, data, txn)
        check_equal(list(self.call('vote', txn)), [], 'answer to the vote')
        return self.call('tpc_finish', txn)


def raises(class_name, call, *args, **named):
    """The detail of the error reply, which must have that class name."""
    try:
        result = call(*args, **named)
    except ErrorReply as error:
        check_equal(error.name, class_name, f'error of {args}')
        return error.detail
    check(False, f'{args}: returned {result!r} (expected: {class_name})')
