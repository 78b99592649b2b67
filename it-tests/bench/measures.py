"""What is measured, which numbers of it are shown, and what is expected of them."""

import os
from dataclasses import dataclass
from typing import Callable, Optional

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
BLOB_BYTES = 100_000_000


@dataclass(frozen=True)
class Expectation:
    """A bound on Zeolite's number divided by Python's or, if `absolute`, on Zeolite's own."""

    bound: float
    at_least: bool = False
    absolute: bool = False

    def holds(self, value):
        return value >= self.bound if self.at_least else value <= self.bound

    def __str__(self):
        return f"{'>=' if self.at_least else '<='} {self.bound:g}{'' if self.absolute else 'x'}"


@dataclass(frozen=True)
class Row:
    """One number of a sample, which is what the load generator answered, or its like."""

    label: str
    value: Callable[[dict], float]
    expectation: Optional[Expectation] = None


@dataclass(frozen=True)
class Measure:
    """
    `task` is a line for the load generator without the server's address and the time; None is for what is not measured by load.
    `cold` is for a Data.fs that the page cache has forgotten.
    """

    name: str
    title: str
    rows: tuple
    task: Optional[str] = None
    writes: bool = False
    cold: bool = False


def _rate(expectation=None):
    return Row("operations/s", lambda s: s["operations"] / s["seconds"], expectation)


def _cpu(expectation=None):
    return Row("server CPU us/operation", lambda s: _seconds(s["server_ticks"]) * 1e6 / s["operations"], expectation)


def _own_cpu():
    return Row("load's own CPU us/operation", lambda s: _seconds(s["own_ticks"]) * 1e6 / s["operations"])


def _micros(key):
    return Row(f"{key} us", lambda s: s[f"{key}_us"])


def _millis(key, expectation=None):
    return Row(f"{key} ms", lambda s: s[f"{key}_us"] / 1e3, expectation)


def _megabytes(expectation=None):
    return Row("MB/s", lambda s: s["operations"] * BLOB_BYTES / 1e6 / s["seconds"], expectation)


def _cpu_of_gigabyte():
    return Row("server CPU s/GB", lambda s: _seconds(s["server_ticks"]) / (s["operations"] * BLOB_BYTES / 1e9))


def _beside(what, label, value):
    """A number of what runs beside the first workload."""
    return Row(f"{what}: {label}", lambda s: value(s["beside"][0]))


def _latencies():
    return _micros("p50"), _micros("p99"), _micros("p999"), _micros("max")


def _resident(expectation=None):
    return Row("server RSS meanwhile, MB", lambda s: s["server_rss_kb"] / 1024, expectation)


def _memory(label, when, key):
    return Row(label, lambda s: s[when][key] / 1024)


def _seconds(ticks):
    return ticks / TICKS_PER_SECOND


# Fields in braces are filled in by the run.
_LOADS = "loads first=1 objects={objects} most=0"
_ONE_LOAD = _LOADS + " connections=1 depth=1"
_COMMITS = "commits first=1"
_DOWN = "blob-download oid={blob_oid} length={blob_bytes}"
_UP = "blob-upload oid={blob_oid} length={blob_bytes}"
_FSYNC = "Data.fs is fsynced before finish answers"
_MB = BLOB_BYTES // 1_000_000

MEASURES = (
    Measure(
        "loads-1",
        "loads of 500 bytes, 1 connection, one after the other",
        (_rate(), _cpu(Expectation(0.5)), _own_cpu(), _micros("p50"), _micros("p99")),
        _ONE_LOAD,
    ),
    Measure(
        "loads-4x16",
        "loads of 500 bytes, 4 connections, 16 under way on each",
        (_rate(), _cpu(Expectation(0.125)), _own_cpu(), _micros("p50"), _micros("p99")),
        _LOADS + " connections=4 depth=16",
    ),
    Measure(
        "loads-64x4",
        "loads of 500 bytes, 64 connections, 4 under way on each",
        (_rate(), _cpu(Expectation(0.25)), _own_cpu(), _micros("p50"), _micros("p99")),
        _LOADS + " connections=64 depth=4",
    ),
    Measure(
        "loads-cold",
        "2,000 loads of 500 bytes, 1 connection, of a file that is not in the page cache",
        (_rate(), _cpu(), _micros("p50"), _micros("p99")),
        "loads first=1 objects={objects} most=2000 connections=1 depth=1",
        cold=True,
    ),
    Measure(
        "loads-old",
        "loads of older revisions, walking back through 20 of an object, 1 connection",
        (_rate(), _cpu(Expectation(1)), _micros("p50"), _micros("p99")),
        "old-loads connections=1 first={first_with_history} objects={history_objects} revisions={history_revisions}",
    ),
    Measure(
        "commits-1",
        f"commits of 1 object of 500 bytes, 1 connection; {_FSYNC}",
        (_rate(Expectation(1, at_least=True)), _cpu(), _millis("p50"), _millis("p99"), _millis("max")),
        _COMMITS + " connections=1 shared=0 batch=1",
        writes=True,
    ),
    Measure(
        "commits-1-100",
        f"commits of 100 objects of 500 bytes, 1 connection; {_FSYNC}",
        (_rate(Expectation(1, at_least=True)), _cpu(), _millis("p50"), _millis("p99"), _millis("max")),
        _COMMITS + " connections=1 shared=0 batch=100",
        writes=True,
    ),
    Measure(
        "commits-8",
        f"commits of 1 object of 500 bytes, 8 connections, each its own objects; {_FSYNC}",
        (_rate(Expectation(4, at_least=True)), _cpu(), _millis("p50"), _millis("p99", Expectation(0.1)), _millis("max")),
        _COMMITS + " connections=8 shared=0 batch=1",
        writes=True,
    ),
    Measure(
        "commits-8-same",
        f"commits of 1 object of 500 bytes, 8 connections, all the same object, again after a conflict; {_FSYNC}",
        (_rate(), _cpu(), _millis("p50"), _millis("p99"), _millis("max")),
        _COMMITS + " connections=8 shared=1 batch=1",
        writes=True,
    ),
    Measure(
        "commits-32",
        f"commits of 1 object of 500 bytes, 32 connections, each its own objects; {_FSYNC}",
        (_rate(Expectation(8, at_least=True)), _cpu(), _millis("p50"), _millis("p99"), _millis("max")),
        _COMMITS + " connections=32 shared=0 batch=1",
        writes=True,
    ),
    Measure(
        "mix",
        f"9 connections that load one object after the other, and 1 that commits; {_FSYNC}",
        (
            _rate(),
            *_latencies(),
            _beside("commits", "operations/s", lambda s: s["operations"] / s["seconds"]),
            _beside("commits", "p50 ms", lambda s: s["p50_us"] / 1e3),
            _beside("commits", "p99 ms", lambda s: s["p99_us"] / 1e3),
            _beside("commits", "p999 ms", lambda s: s["p999_us"] / 1e3),
        ),
        _LOADS + " connections=9 depth=1 + " + _COMMITS + " connections=1 shared=0 batch=1",
        writes=True,
    ),
    Measure(
        "loads-while-up",
        f"loads, 1 connection, while another stores blobs of {_MB} MB",
        (_rate(), *_latencies(), _beside("blobs", "MB/s", lambda s: s["operations"] * _MB / s["seconds"])),
        _ONE_LOAD + " + " + _UP + " connections=1 times=0",
        writes=True,
    ),
    Measure(
        "loads-while-down",
        f"loads, 1 connection, while 8 others read blobs of {_MB} MB",
        (_rate(), *_latencies(), _beside("blobs", "MB/s", lambda s: s["operations"] * _MB / s["seconds"])),
        _ONE_LOAD + " + " + _DOWN + " connections=8 times=0",
    ),
    Measure(
        "loads-while-deaf",
        "loads, 1 connection, while 3 others ask for objects and never read an answer",
        (_rate(), *_latencies(), _resident()),
        _ONE_LOAD + " + deaf connections=3 first=1 objects={objects}",
    ),
    Measure(
        "fan-out",
        f"commits, 1 connection, while 200 others are told of each; {_FSYNC}",
        (
            _rate(Expectation(1, at_least=True)),
            _cpu(Expectation(1)),
            _millis("p50"),
            _millis("p99"),
            _beside("listeners", "invalidations of each", lambda s: s["operations"] / 200),
        ),
        _COMMITS + " connections=1 shared=0 batch=1 + listeners connections=200",
        writes=True,
    ),
    Measure(
        "idle-500",
        "loads, 1 connection, while 500 others are connected and say nothing",
        (_rate(), _cpu(Expectation(1)), _resident()),
        _ONE_LOAD + " + listeners connections=500",
    ),
    Measure(
        "blob-up",
        f"blob of {_MB} MB up, with its commit; Data.fs is fsynced, and in Zeolite the blob too",
        (_megabytes(), _cpu_of_gigabyte()),
        _UP + " connections=1 times=1",
        writes=True,
    ),
    Measure(
        "blob-down",
        f"blob of {_MB} MB down, from the page cache",
        (_megabytes(Expectation(1, at_least=True)), _cpu_of_gigabyte()),
        _DOWN + " connections=1 times=3",
    ),
    Measure(
        "memory",
        "resident memory",
        (
            _memory("before any load, MB", "idle", "VmRSS"),
            _memory("after all of them, MB", "after", "VmRSS"),
            _memory("highest, MB", "after", "VmHWM"),
        ),
    ),
    Measure(
        "start",
        "start on an empty storage, from the command to the announcement on a connection",
        (Row("seconds", lambda s: s["seconds"], Expectation(0.7, absolute=True)),),
    ),
)
