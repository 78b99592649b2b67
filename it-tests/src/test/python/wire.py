"""Peers that do not keep to the protocol. Each is dropped or told, and one that keeps to it notices nothing.

    wire.py all ADDRESS KIND BLOB_TEMPORARY
"""

import os
import pickle
import random
import socket
import struct
import sys
import traceback

import msgpack

from scenario import Failed, await_until, check, check_equal, host_port, main, record
from zeowire import Closed, ErrorReply, MsgpackCodec, PickleCodec, Wire, raises

METHODS = '''get_info lastTransaction getInvalidations new_oids pack loadBefore storea checkCurrentSerialInTransaction restorea
    storeBlobStart storeBlobChunk storeBlobEnd storeBlobShared deleteObject tpc_begin vote tpc_finish tpc_abort history
    record_iternext sendBlob getTid loadSerial new_oid undoa undoLog undoInfo iterator_start iterator_next
    iterator_record_start iterator_record_next iterator_gc server_status set_client_label ping'''.split()

z64 = b'\0' * 8
MAXTID = b'\x7f' + b'\xff' * 7

CHECKS = []


def scenario(python=True):
    """Marks a check; python=False where Python's own server does something else, for a reason given there."""
    def mark(function):
        CHECKS.append((function, python))
        return function
    return mark


def registered(address):
    wire = Wire(address).handshake()
    wire.register()
    return wire


# Handshakes.

@scenario()
def wrong_version_is_closed(address):
    for answer in b'Z4', b'M4', b'Z6':
        wire = Wire(address)
        wire.send_frame(answer)
        wire.await_close()


@scenario(python=False)  # leaves the connection open for ever
def wrong_letter_is_closed(address):
    for answer in b'X5', b'', b'Z', b'\0' * 2, b'Z5' * 100:
        wire = Wire(address)
        wire.send_frame(answer)
        wire.await_close()


@scenario(python=False)  # waits for the 1.2 GB that "GET " announces
def other_protocols_are_closed(address):
    for garbage in b'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n', b'\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03' + b'\0' * 500:
        wire = Wire(address)
        wire.socket.sendall(garbage)
        wire.await_close()


@scenario()
def other_encoding_than_announced_is_taken(address):
    for codec in PickleCodec, MsgpackCodec:
        wire = Wire(address).handshake(codec.letter + b'5')
        wire.register()
        check_equal(wire.call('ping'), None, 'ping')
        wire.close()


@scenario()
def fragments_and_batches_are_the_same_messages(address):
    wire = Wire(address)
    codec = wire.codec
    frames = [wire.announced] + [codec.encode(n, False, name, args) for n, (name, args) in enumerate(
        [('register', ('1', False)), ('ping', ()), ('lastTransaction', ()), ('ping', ())], 1)]
    stream = b''.join(struct.pack('>I', len(frame)) + frame for frame in frames)
    for at in range(len(stream)):
        wire.socket.sendall(stream[at:at + 1])
    check_equal([wire.receive()[0] for _ in range(4)], [1, 2, 3, 4], 'replies to messages in fragments')
    wire = Wire(address)
    wire.socket.sendall(stream)
    check_equal([wire.receive()[0] for _ in range(4)], [1, 2, 3, 4], 'replies to messages in one piece')


# Frames and messages.

@scenario(python=False)  # has no limit
def oversize_frame_is_closed(address):
    for prepare in (lambda wire: wire), (lambda wire: wire.handshake()), (lambda wire: (wire.handshake(), wire.register())):
        wire = Wire(address)
        prepare(wire)
        wire.socket.sendall(b'\xff\xff\xff\xff' + b'x' * 1000)
        wire.await_close()


@scenario()
def undecodable_message_is_closed(address):
    rng = random.Random(20)
    bodies = [b'', b'\x80', b'\xc1', b'\x80\x03(K\x01', b'\x94\x01'] + [rng.randbytes(rng.randrange(1, 200)) for _ in range(30)]
    for body in bodies:
        for prepare in (lambda wire: None), (lambda wire: wire.register()):
            wire = Wire(address).handshake()
            prepare(wire)
            wire.send_frame(body)
            wire.await_close()


@scenario()
def what_is_not_a_message_is_closed(address):
    for value in None, 7, 'text', (), (1, False, 'ping'), (1, False, 'ping', (), ()), {'ping': 1}:
        wire = registered(address)
        wire.send_frame(MsgpackCodec.encode_value(value) if wire.codec is MsgpackCodec else pickle.dumps(value, 3))
        wire.await_close()


@scenario()
def strange_names_and_arguments_do_not_hang(address):
    for name in None, 5, b'ping', (), 'no such method', '__class__', '_check_tid', 'ping\0', '.reply':
        wire = registered(address)
        try:
            wire.call(name)
        except (ErrorReply, Closed):
            pass
        wire.close()
    for args in None, 7, {'a': 1}:
        wire = registered(address)
        wire.send(1, False, 'getTid', args)
        try:
            wire.answer(1)
        except (ErrorReply, Closed):
            pass
        wire.close()


class Command:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.system, (f'touch {self.path}',)


class Evaluation(Command):
    def __reduce__(self):
        return eval, (f'open({self.path!r}, "w")',)


def globals_are_closed(address, *classes):
    path = os.path.abspath('executed')
    for value in [cls(path) for cls in classes]:
        for name, args in ('register', (value, False)), ('tpc_begin', (1, b'', b'', {'a': value}, None, ' ')):
            wire = Wire(address).handshake(b'Z5')
            if name != 'register':
                wire.register()
            wire.send_frame(pickle.dumps((1, False, name, args), 3))
            wire.await_close()
    check(not os.path.exists(path), 'the server has executed what a pickle said')


@scenario()
def forbidden_global_is_closed_and_not_called(address):
    globals_are_closed(address, Command)


@scenario(python=False)  # has all builtins on its list
def builtin_function_is_closed_and_not_called(address):
    globals_are_closed(address, Evaluation)


@scenario(python=False)  # an empty transaction extension of a million lists costs Python's pickle nothing
def pickle_bombs_are_closed(address):
    deep = b'\x80\x03' + b'(' * 1_000_000 + b'.'
    nested = b'\x80\x03' + b']' * 1_000_000 + b'a' * 999_999 + b'.'
    long_string = b'\x80\x03X\xff\xff\xff\x7f' + b'x' * 100 + b'.'
    huge_int = b'\x80\x03\x8b\xff\xff\xff\x7f' + b'x' * 100 + b'.'
    for body in deep, nested, long_string, huge_int:
        wire = Wire(address).handshake(b'Z5')
        wire.register()
        wire.send_frame(body)
        wire.await_close()
    deep = b'\x91' * 1_000_000 + b'\xc0'
    long_array = b'\xdd\xff\xff\xff\xff' + b'\xc0' * 100
    long_bytes = b'\xc6\xff\xff\xff\xff' + b'x' * 100
    for body in deep, long_array, long_bytes:
        wire = Wire(address).handshake(b'M5')
        wire.register()
        wire.send_frame(body)
        wire.await_close()


@scenario()
def ids_are_echoed_as_they_came(address):
    wire = registered(address)
    for id in (z64, MAXTID), 'text', None, b'bytes', 1 << 40, 0, -7, (1, (2, 'three')):
        check_equal(wire.call('ping', id=id), None, f'ping with the id {id!r}')


@scenario()
def keepalive_is_ignored(address):
    wire = registered(address)
    for _ in range(3):
        wire.send(-1, 0, '.reply', None)
    check_equal(wire.call('ping'), None, 'ping')
    check_equal(wire.others, [], 'messages that nobody asked for')


# Calls.

@scenario()
def calls_before_register_are_closed(address):
    for name, args in ('ping', ()), ('loadBefore', (z64, MAXTID)), ('get_info', ()):
        wire = Wire(address).handshake()
        wire.ask(name, *args)
        wire.await_close()


@scenario()
def second_register_is_closed(address):
    wire = registered(address)
    wire.ask('register', '1', False)
    wire.await_close()


@scenario()
def unknown_storage_is_an_error(address):
    wire = Wire(address).handshake()
    check_equal(tuple(raises('builtins.ValueError', wire.register, 'nope')), ('unknown storage: nope',), 'detail')


@scenario()
def unknown_method_is_closed(address):
    wire = registered(address)
    wire.tell('no_such_method', 1)
    wire.await_close()


@scenario()
def failing_one_way_call_is_closed(address):
    for name, args in ('storeBlobChunk', (b'no start',)), ('tpc_begin', ()), ('storea', (z64, z64, b'', 1)):
        wire = registered(address)
        wire.tell(name, *args)
        wire.await_close()


@scenario()
def wrong_number_of_arguments_is_a_type_error(address):
    wire = registered(address)
    for name, args in ('loadBefore', (z64,)), ('getTid', ()), ('ping', (1,)), ('vote', ()), ('lastTransaction', (1, 2)):
        raises('builtins.TypeError', wire.call, name, *args)
    check_equal(wire.call('ping'), None, 'ping afterwards')


@scenario()
def new_oid_is_not_implemented(address):
    raises('builtins.AttributeError', registered(address).call, 'new_oid')


@scenario()
def every_method_answers(address):
    """Whatever it is: a result, an error, a close; but no hang."""
    for name in METHODS:
        for args in (), (z64,), (z64, z64), (1,), (1, 2, 3), ('x', None, b'', {}, []):
            if name == 'pack' and args:
                continue  # would do it
            wire = registered(address)
            try:
                wire.call(name, *args)
            except (ErrorReply, Closed):
                pass
            except TimeoutError:
                check(False, f'{name}{args}: no answer within {wire.socket.gettimeout()} s')
            wire.close()


@scenario()
def transactions_that_are_none(address):
    wire = registered(address)
    detail = raises('ZODB.POSException.StorageTransactionError', wire.call, 'vote', 12345)
    check_equal(tuple(detail), (None, 12345), 'detail')
    check_equal(wire.call('tpc_abort', 12345), None, 'abort of an unknown transaction')
    wire.begin(1)
    detail = raises('ZODB.POSException.StorageTransactionError', wire.call, 'vote', 2)
    check_equal(tuple(detail), (1, 2), 'detail')
    raises('builtins.AssertionError', wire.call, 'tpc_finish', 1)
    check_equal(wire.call('tpc_abort', 1), None, 'abort')
    wire.begin(3)
    check_equal(list(wire.call('vote', 3)), [], 'vote of nothing')
    raises('ZODB.POSException.StorageTransactionError', wire.call, 'vote', 3)
    check_equal(wire.call('tpc_abort', 3), None, 'abort')


@scenario()
def missing_objects_are_pos_key_errors(address):
    wire = registered(address)
    oid = b'\0' * 6 + b'\xff\xff'
    for name, args in ('loadBefore', (oid, MAXTID)), ('getTid', (oid,)), ('loadSerial', (oid, MAXTID)):
        check_equal(raises('ZODB.POSException.POSKeyError', wire.call, name, *args)[0], oid, 'first part of the detail')
    detail = raises('ZODB.POSException.POSKeyError', wire.call, 'sendBlob', oid, MAXTID)
    check_equal(tuple(detail[1:]), (oid, MAXTID), 'rest of the detail')


@scenario()
def serials_of_new_objects_may_be_none_or_text(address):
    wire = registered(address)
    for n, serial in enumerate([None, z64, '\0' * 8]):
        oid = wire.call('new_oids')[0]
        tid = wire.commit(oid, serial, record(n), txn=n)
        check_equal(tuple(wire.call('loadBefore', oid, MAXTID, id=(oid, MAXTID))), (record(n), tid, None), 'what was stored')


# Disconnects.

@scenario(python=False)  # leaves it there
def half_an_upload_leaves_no_file(address):
    wire = registered(address)
    oid = wire.call('new_oids')[0]
    wire.begin(1)
    wire.tell('storea', oid, z64, record('blob'), 1)
    wire.tell('storeBlobStart')
    for _ in range(20):
        wire.tell('storeBlobChunk', b'x' * 59000)
    check_equal(wire.call('ping'), None, 'ping')
    wire.close()
    await_until(lambda: temporary_files(sys.argv[4]) == [], f'no files in {sys.argv[4]}')


def temporary_files(root):
    return [os.path.join(folder, name) for folder, _, names in os.walk(root) for name in names]


@scenario()
def locks_go_free_with_every_kind_of_close(address):
    owner = registered(address)
    oid = owner.call('new_oids')[0]
    tid = owner.commit(oid, z64, record('first'))
    leaves = [
        lambda wire: wire.close(),
        lambda wire: reset(wire),
    ]
    if sys.argv[3] != 'python':  # whose lock stays taken when it closes the connection itself
        leaves += [lambda wire: wire.send_frame(b'\xc1 rubbish'), lambda wire: wire.tell('no_such_method')]
    for n, leave in enumerate(leaves, 2):
        holder = registered(address)
        holder.begin(1)
        holder.tell('storea', oid, tid, record('held'), 1)
        check_equal(list(holder.call('vote', 1)), [], 'vote')
        leave(holder)
        tid = owner.commit(oid, tid, record(f'after {n}'), txn=n)


def reset(wire):
    wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
    wire.close()


def encode_value(value):
    return msgpack.packb(value, use_bin_type=True)


MsgpackCodec.encode_value = staticmethod(encode_value)


def all(address, kind, blob_temporary):
    failures = []
    count = 0
    bystander = registered(address)
    oid = bystander.call('new_oids')[0]
    tid = bystander.commit(oid, z64, record('bystander'))
    for check_one, python in CHECKS:
        if kind == 'python' and not python:
            continue
        count += 1
        print(check_one.__name__, file=sys.stderr, flush=True)
        try:
            check_one(address)
            check_equal(tuple(bystander.call('loadBefore', oid, MAXTID, id=(oid, MAXTID))), (record('bystander'), tid, None),
                        'what the bystander reads')
        except Exception as failure:
            traceback.print_exc()
            failures.append(f'{check_one.__name__}: {type(failure).__name__} {failure}')
            if isinstance(failure, (ConnectionRefusedError, BrokenPipeError)):
                break  # There is no server any more.
    tid = bystander.commit(oid, tid, record('still there'))
    for failure in failures:
        print(failure, file=sys.stderr)
    if failures:
        raise Failed(f'{len(failures)} of {count} checks, above: ' + ', '.join(line.split(':')[0] for line in failures))
    return {'checks': count}


def silence(address):
    """Connects and says nothing, or half a handshake, until the server closes."""
    mute = Wire(address)
    half = Wire(address)
    half.socket.sendall(b'\0\0')
    unregistered = socket.create_connection(host_port(address))
    good = registered(address)
    mute.await_close()
    half.await_close()
    unregistered.close()
    check_equal(good.call('ping'), None, 'ping of a connection that has registered')


if __name__ == '__main__':
    main(all, silence)
