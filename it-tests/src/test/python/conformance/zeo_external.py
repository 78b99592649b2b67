"""Lets the tests of ZEO start another executable in place of their own server, by one function replaced.

The tests describe a server in a file and start ZEO._forker.runner with it, in a child process or a thread. What stands here in its
place starts a command with `-C FILE --address-file FILE`, tells the test where it listens, and ends it with SIGTERM.
"""

import ctypes
import json
import multiprocessing
import os
import queue
import signal
import subprocess
import time

import ZEO._forker
import ZEO.tests.forker

START_SECONDS = 30
COMPLAINT = '***'
STOP_SECONDS = 15
POLL_SECONDS = 0.005


def install(command, output_file):
    """From now on servers are started with the words of the command; what they print is appended to the file."""
    of_zeo = ZEO._forker.runner

    def runner(config, qin, qout, timeout=None, debug=False, name=None, keep=False, protocol=None):
        if multiprocessing.parent_process():
            _die_with_parent()
        if protocol:
            # A server of an old protocol, which the client is to refuse. ZEO's own plays it.
            of_zeo(config, qin, qout, timeout, debug=debug, name=name, keep=keep, protocol=protocol)
        else:
            _serve(command, output_file, config, qin, qout, timeout)

    ZEO._forker.runner = runner
    ZEO.tests.forker.runner = runner
    ZEO._forker.ThreadlessQueue = _Answers


def complaints(output_file):
    """What is wrong with how servers ended, which no test looks at."""
    if not os.path.exists(output_file):
        return []
    with open(output_file, errors='replace') as output:
        return [line.strip() for line in output if line.startswith(COMPLAINT)]


class _Answers(ZEO._forker.ThreadlessQueue):
    """The channel between the child process and the test, which need not wait for a server that did not start."""

    def get(self, timeout=None):
        answer = super().get(timeout)
        if isinstance(answer, Exception):
            raise answer
        return answer


def _serve(command, output_file, config, qin, qout, timeout):
    address_file = config + '.address'
    with open(output_file, 'a') as output:
        process = subprocess.Popen([*command, '-C', config, '--address-file', address_file], stdin=subprocess.DEVNULL,
                                   stdout=output, stderr=subprocess.STDOUT, preexec_fn=_die_with_parent)
    try:
        try:
            address = _await_address(process, address_file)
        except RuntimeError as failure:
            qout.put(failure)
            raise
        qout.put(address)
        os.remove(config)
        os.remove(address_file)
        try:
            qin.get(timeout=timeout)
        except queue.Empty:
            pass
    finally:
        dirty = _stop(process)
    if isinstance(address, str) and os.path.exists(address):
        dirty = True
    if dirty:
        with open(output_file, 'a') as output:
            print(f'{COMPLAINT} {config}: the server {process.pid} did not end as it should, exit code {process.returncode}',
                  file=output)
    qout.put(dirty)


def _await_address(process, address_file):
    # Some tests replace time.time, so that only the monotonic clock is one.
    end = time.monotonic() + START_SECONDS
    while not os.path.exists(address_file):
        if process.poll() is not None:
            raise RuntimeError(f'the server ended with {process.returncode} before it listened')
        if time.monotonic() > end:
            raise RuntimeError(f'the server did not listen within {START_SECONDS} s')
        time.sleep(POLL_SECONDS)
    with open(address_file) as file:
        address = json.load(file)
    return address if isinstance(address, str) else tuple(address)


def _stop(process):
    """Whether the server did not end by itself, in time and with exit code 0."""
    process.terminate()
    try:
        return process.wait(STOP_SECONDS) != 0
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return True


def _die_with_parent():
    parent_death_signal = 1
    ctypes.CDLL(None).prctl(parent_death_signal, signal.SIGKILL)
