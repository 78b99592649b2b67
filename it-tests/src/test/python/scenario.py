"""What the scenarios share: connections, checks, worker processes, and talking with the Java test."""

import ctypes
import json
import logging
import multiprocessing
import os
import signal
import ssl
import sys
import tempfile
import time
import traceback

import transaction
import ZODB
from ZEO.ClientStorage import ClientStorage
from ZODB.serialize import ObjectWriter
from ZODB.tests.MinPO import MinPO

logging.basicConfig(stream=sys.stderr, level=logging.WARNING,
                    format='%(asctime)s %(process)d %(levelname)s %(name)s %(message)s')

DEADLINE = 120


class _Rejected(logging.Handler):
    """Messages of the server that the client could not take. It only logs them, and goes on without."""

    def __init__(self):
        super().__init__(logging.ERROR)
        self.first = None

    def emit(self, record):
        self.first = self.first or f'{record.getMessage()[:300]}: {record.exc_info and record.exc_info[1]}'


_rejected = _Rejected()
logging.getLogger('ZEO.asyncio.smp').addHandler(_rejected)


class Failed(Exception):
    """The server did not do what this scenario expects."""


def check(condition, message):
    if not condition:
        raise Failed(message)


def check_equal(found, expected, what):
    check(found == expected, f'{what}: {found!r} (expected: {expected!r})')


def fails(exception, call, *arguments, **named):
    """The exception, exactly of this class, that the call raises."""
    try:
        result = call(*arguments, **named)
    except Exception as found:
        check(type(found) is exception,
              f'{call}: {type(found).__name__}({found}) (expected: {exception.__name__})')
        return found
    raise Failed(f'{call}: returned {result!r} (expected: {exception.__name__})')


def check_nothing_rejected():
    check(_rejected.first is None, f'the client rejects a message: {_rejected.first}')


def main(*commands):
    """Runs the command that the first argument names with the others; what it returns is the result for Java."""
    by_name = {command.__name__: command for command in commands}
    try:
        result = by_name[sys.argv[1]](*sys.argv[2:])
        check_nothing_rejected()
    except Failed as failure:
        traceback.print_exc()
        sys.exit(f'{sys.argv[1]}: {failure}')
    print(json.dumps(result or {}), flush=True)


def host_port(address):
    """Host and port, or the path of a Unix socket."""
    if '/' in address:
        return address
    host, port = address.rsplit(':', 1)
    return host.strip('[]'), int(port)


def tls_file(name):
    """A certificate or key of the server's own tests."""
    return os.path.join(os.path.dirname(os.path.abspath(__file__)), '../../../../server/src/test/resources/tls', name)


def tls_context(certificate):
    """What a client speaks TLS with that shows this certificate and expects one of the two of the server."""
    context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH)
    for name in 'server.pem', 'server2.pem':
        context.load_verify_locations(tls_file(name))
    if certificate != 'none':
        context.load_cert_chain(tls_file(certificate + '.pem'), tls_file(certificate.removesuffix('-chain') + '-key.pem'))
    return context


def connect(address, storage='1', **options):
    """A client storage; of certificate@host:port it takes the certificate, and speaks TLS."""
    options.setdefault('wait_timeout', DEADLINE)
    certificate, _, address = address.rpartition('@')
    if certificate:
        options['ssl'] = tls_context(certificate)
        options.setdefault('ssl_server_hostname', 'localhost')
    return ClientStorage(host_port(address), storage, **options)


def open_db(address, storage='1', **options):
    return ZODB.DB(connect(address, storage, **options))


def new_directory(name):
    """A directory of the process's own, below the scene's."""
    return tempfile.mkdtemp(prefix=name + '-', dir=os.getcwd())


def record(value):
    """The pickle of a small persistent object."""
    return ObjectWriter().serialize(MinPO(value))


def say(line):
    print(line, flush=True)


def hear():
    """The next line that the Java test says."""
    line = sys.stdin.readline()
    if not line:
        sys.exit('The test is gone')
    return line.strip()


def await_until(condition, what, deadline=DEADLINE):
    end = time.monotonic() + deadline
    while not condition():
        check(time.monotonic() < end, f'not within {deadline} s: {what}')
        time.sleep(0.005)


def die_with_parent():
    parent_death_signal = 1
    ctypes.CDLL(None).prctl(parent_death_signal, signal.SIGKILL)


def _work(function, arguments, results):
    die_with_parent()
    try:
        answer = function(*arguments)
        check_nothing_rejected()
        results.put((True, answer))
    except BaseException as failure:
        traceback.print_exc()
        results.put((False, f'{function.__name__}{arguments}: {type(failure).__name__}: {failure}'))


class Workers:
    """Functions in processes of their own."""

    def __init__(self):
        self.running = []

    def start(self, function, *arguments):
        results = multiprocessing.SimpleQueue()
        process = multiprocessing.Process(target=_work, args=(function, arguments, results), daemon=True)
        process.start()
        self.running.append((process, results))

    def join(self):
        """What they returned, in the order of their starts."""
        answers = [results.get() for _, results in self.running]
        for process, _ in self.running:
            process.join()
        self.running = []
        for good, answer in answers:
            check(good, answer)
        return [answer for _, answer in answers]


def commit_with_retries(manager, change):
    """Calls change() in a transaction until it is committed; returns how many conflicts there were."""
    conflicts = 0
    while True:
        manager.begin()
        try:
            change()
            manager.commit()
            return conflicts
        except transaction.interfaces.TransientError:
            manager.abort()
            conflicts += 1
