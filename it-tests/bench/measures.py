"""What is measured, which numbers of it are shown, and what is expected of them."""

import os
from dataclasses import dataclass, replace
from typing import Callable, Optional

from shootout import BENCHMARKS

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
BLOB_BYTES = 100_000_000
SMALL_BLOB_BYTES = 1_000_000
IMAGE_BYTES = 50_000
LARGE_BLOB_BYTES = 1_000_000_000


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
    more_is_better: bool = False
    charted: bool = False


@dataclass(frozen=True)
class Measure:
    """
    `task` is a line for the load generator without the server's address and the time; None is for what is not measured by load.
    `cold` is for a Data.fs that the page cache has forgotten, `tls` for servers that talk in no other way. `floor` is for what the
    server in C can do; `unsynced` for a Zeolite and a server in C that do not force blobs to the disk, as Python's does not either. `alone` takes the `Alone` of the run and gives what measures a server while no other runs, in `most_rounds`
    rounds at most.
    """

    name: str
    title: str
    rows: tuple
    task: Optional[str] = None
    writes: bool = False
    cold: bool = False
    tls: bool = False
    floor: bool = False
    unsynced: bool = False
    alone: Optional[Callable] = None
    most_rounds: Optional[int] = None


def _rate(expectation=None):
    return Row("operations/s", lambda s: s["operations"] / s["seconds"], expectation, more_is_better=True, charted=True)


def _cpu(expectation=None):
    return Row("server CPU us/operation", lambda s: _seconds(s["server_ticks"]) * 1e6 / s["operations"], expectation, charted=True)


def _own_cpu():
    return Row("load's own CPU us/operation", lambda s: _seconds(s["own_ticks"]) * 1e6 / s["operations"])


def _micros(key):
    return Row(f"{key} us", lambda s: s[f"{key}_us"])


def _millis(key, expectation=None):
    return Row(f"{key} ms", lambda s: s[f"{key}_us"] / 1e3, expectation, charted=key == "p99")


def _megabytes(expectation=None, size=BLOB_BYTES):
    return Row("MB/s", lambda s: s["operations"] * size / 1e6 / s["seconds"], expectation, more_is_better=True, charted=True)


def _cpu_of_gigabyte(size=BLOB_BYTES):
    return Row("server CPU s/GB", lambda s: _seconds(s["server_ticks"]) / (s["operations"] * size / 1e9))


def _fewest():
    """1 if each connection had as many operations as the others, 0 if one had none."""
    return Row(
        "share of the connection with the fewest, of an equal share",
        lambda s: s["fewest"] * s["connections"] / s["operations"],
        more_is_better=True,
        charted=True,
    )


def _beside(what, label, value):
    """A number of what runs beside the first workload."""
    return Row(f"{what}: {label}", lambda s: value(s["beside"][0]))


def _latencies():
    return _micros("p50"), _micros("p99"), _micros("p999"), _micros("max")


def _resident():
    return (
        Row("server RSS meanwhile, MB", lambda s: s["server_rss_kb"] / 1024),
        Row("of it other than of files, MB", lambda s: s["server_anonymous_kb"] / 1024),
    )


def _memory(label, when, key):
    return Row(label, lambda s: s[when][key] / 1024)


def _started(bound=None):
    expectation = None if bound is None else Expectation(bound, absolute=True)
    return Row("seconds", lambda s: s["seconds"], expectation, charted=True)


def _memory_at_start():
    return Row("resident then, MB", lambda s: s["VmRSS"] / 1024)


def _seconds(ticks):
    return ticks / TICKS_PER_SECOND


# Fields in braces are filled in by the run.
_LOADS = "loads first=1 objects={objects} most=0"
_ONE_LOAD = _LOADS + " connections=1 depth=1"
_COMMITS = "commits first=1"
_DOWN = "blob-download oid={blob_oid} length={blob_bytes}"
_UP = "blob-upload oid={blob_oid} length={blob_bytes}"
_OTHERS_UP = "blob-upload oid={other_blob_oid} length={blob_bytes}"
_SMALL_UP = f"blob-upload oid={{small_blob_oid}} length={SMALL_BLOB_BYTES}"
_SMALL_DOWN = f"blob-download oid={{small_blob_oid}} length={SMALL_BLOB_BYTES}"
_IMAGE_UP = f"blob-upload oid={{first_image_oid}} length={IMAGE_BYTES}"
_LARGE_UP = f"blob-upload oid={{large_blob_oid}} length={LARGE_BLOB_BYTES}"
_FORCED = "Data.fs is fsynced, and in Zeolite (and in C) the blob too, in Python not"
_NOT_FORCED = "Data.fs is fsynced, the blob nowhere (sync-blobs false)"
_FSYNC = "Data.fs is fsynced before finish answers"
_MB = BLOB_BYTES // 1_000_000

_BLOB_UP = Measure(
    "blob-up",
    f"blob of {_MB} MB up, with its commit; {_FORCED}",
    (_megabytes(Expectation(3, at_least=True)), _cpu_of_gigabyte(), _millis("p50")),
    _UP + " connections=1 times=0",
    writes=True,
    floor=True,
)
_SMALL_BLOB_UP = Measure(
    "blob-small-up",
    f"blobs of 1 MB up, each with its commit; {_FORCED}",
    (_megabytes(size=SMALL_BLOB_BYTES), _cpu_of_gigabyte(SMALL_BLOB_BYTES), _millis("p50"), _millis("p99")),
    _SMALL_UP + " connections=1 times=0",
    writes=True,
    floor=True,
)
_IMAGES_UP = Measure(
    "blob-8-up",
    f"commits of a blob of {IMAGE_BYTES // 1000} KB, 8 connections, each its own objects; {_FORCED}",
    (_rate(), _cpu(), _millis("mean"), _millis("p50"), _millis("p99")),
    _IMAGE_UP + " connections=8 times=0",
    writes=True,
)


def _unsynced(measure):
    """The same with a Zeolite, and a server in C, of Python's durability."""
    title = measure.title.replace(_FORCED, _NOT_FORCED)
    return replace(measure, name=measure.name + "-unsynced", title=title, unsynced=True)


MEASURES = (
    Measure(
        "loads-1",
        "loads of 500 bytes, 1 connection, one after the other",
        (_rate(), _cpu(Expectation(0.5)), _own_cpu(), _micros("p50"), _micros("p99")),
        _ONE_LOAD,
        floor=True,
    ),
    Measure(
        "loads-4x16",
        "loads of 500 bytes, 4 connections, 16 under way on each",
        (_rate(), _cpu(Expectation(0.125)), _own_cpu(), _micros("p50"), _micros("p99")),
        _LOADS + " connections=4 depth=16",
        floor=True,
    ),
    Measure(
        "loads-64x4",
        "loads of 500 bytes, 64 connections, 4 under way on each",
        (_rate(), _cpu(Expectation(0.25)), _own_cpu(), _micros("p50"), _micros("p99")),
        _LOADS + " connections=64 depth=4",
        floor=True,
    ),
    Measure(
        "loads-cold",
        "2,000 loads of 500 bytes, 1 connection, of a file that is not in the page cache",
        (_rate(), _cpu(), _micros("p50"), _micros("p99")),
        "loads first=1 objects={objects} most=2000 connections=1 depth=1",
        cold=True,
    ),
    Measure(
        "loads-while-cold",
        "loads of 1,000 objects, 1 connection, while 4 others load all 100,000 of a file that is not in the page cache",
        (_rate(), *_latencies(), _beside("the others", "operations/s", lambda s: s["operations"] / s["seconds"])),
        "loads first=1 objects=1000 most=0 connections=1 depth=1 + " + _LOADS + " connections=4 depth=1",
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
        floor=True,
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
        (_rate(Expectation(4, at_least=True)), _cpu(), _millis("mean"), _millis("p50"), _millis("p99", Expectation(0.1)), _millis("max"), _fewest()),
        _COMMITS + " connections=8 shared=0 batch=1",
        writes=True,
    ),
    Measure(
        "commits-8-same",
        f"commits of 1 object of 500 bytes, 8 connections, all the same object, again after a conflict; {_FSYNC}",
        (_rate(), _cpu(), _millis("mean"), _millis("p50"), _millis("p99"), _millis("max"), _fewest()),
        _COMMITS + " connections=8 shared=1 batch=1",
        writes=True,
    ),
    Measure(
        "commits-32",
        f"commits of 1 object of 500 bytes, 32 connections, each its own objects; {_FSYNC}",
        (_rate(Expectation(8, at_least=True)), _cpu(), _millis("mean"), _millis("p50"), _millis("p99"), _millis("max"), _fewest()),
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
        "loads, 1 connection, while another stores a blob of 1 GB",
        (_rate(), *_latencies()),
        _ONE_LOAD + " + " + _LARGE_UP + " connections=1 times=0",
        writes=True,
    ),
    Measure(
        "loads-while-both",
        f"loads, 1 connection, while 4 others store blobs of {_MB} MB, and 4 read one",
        (_rate(), _micros("p50"), _millis("p99", Expectation(2, absolute=True)), _micros("p999"), _micros("max")),
        _ONE_LOAD + " + " + _OTHERS_UP + " connections=4 times=0 + " + _DOWN + " connections=4 times=0",
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
        (_rate(), *_latencies(), *_resident()),
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
        (_rate(), _cpu(Expectation(1)), *_resident()),
        _ONE_LOAD + " + listeners connections=500",
    ),
    _BLOB_UP,
    Measure(
        "blob-down",
        f"blob of {_MB} MB down, from the page cache",
        (_megabytes(Expectation(1, at_least=True)), _cpu_of_gigabyte()),
        _DOWN + " connections=1 times=10",
        floor=True,
    ),
    _SMALL_BLOB_UP,
    _IMAGES_UP,
    _unsynced(_BLOB_UP),
    _unsynced(_SMALL_BLOB_UP),
    Measure(
        "blob-small-down",
        "blobs of 1 MB down, from the page cache",
        (_megabytes(Expectation(1, at_least=True), SMALL_BLOB_BYTES), _cpu_of_gigabyte(SMALL_BLOB_BYTES), _millis("p50"), _millis("p99")),
        _SMALL_DOWN + " connections=1 times=0",
    ),
    Measure(
        "blob-up-tls",
        f"blob of {_MB} MB up, with its commit, over TLS; {_FORCED}",
        (_megabytes(Expectation(1, at_least=True)), _cpu_of_gigabyte()),
        _UP + " connections=1 times=0",
        writes=True,
        tls=True,
    ),
    Measure(
        "blob-down-tls",
        f"blob of {_MB} MB down over TLS, from the page cache",
        (_megabytes(Expectation(1, at_least=True)), _cpu_of_gigabyte()),
        _DOWN + " connections=1 times=10",
        tls=True,
    ),
    Measure(
        "memory",
        "resident memory",
        (
            _memory("before any load, MB", "idle", "VmRSS"),
            _memory("after all of them, MB", "after", "VmRSS"),
            _memory("after all of them, other than of files, MB", "after", "RssAnon"),
            _memory("highest, MB", "after", "VmHWM"),
        ),
    ),
    Measure(
        "start",
        "start on an empty storage, from the command to the announcement on a connection",
        (_started(0.7),),
        alone=lambda alone: alone.start,
    ),
    Measure(
        "start-1m",
        "start with an index of 1,000,000 objects",
        (_started(0.5), _memory_at_start()),
        alone=lambda alone: alone.start_with(1_000_000),
    ),
    Measure(
        "start-10m",
        "start with an index of 10,000,000 objects",
        (_started(0.8), _memory_at_start()),
        alone=lambda alone: alone.start_with(10_000_000),
    ),
    Measure(
        "start-killed",
        "start on 1,000,000 objects after 2 s of commits and SIGKILL",
        (_started(), Row("commits before", lambda s: s["commits"])),
        alone=lambda alone: alone.start_killed(1_000_000),
    ),
    Measure(
        "pack",
        "pack of 1,067,198 objects (quick: a tenth), a fifth rewritten and a tenth garbage, while another client commits",
        (
            Row("wall s", lambda s: s["pack wall s"], Expectation(0.2), charted=True),
            Row("server CPU s", lambda s: s["pack server CPU s"], charted=True),
            Row("commits: quiet p99 ms", lambda s: s["quiet"]["p99"]),
            Row("commits: p99 meanwhile, ms", lambda s: s["meanwhile"]["p99"], charted=True),
            Row("start without index, s", lambda s: s["start without the index s"], charted=True),
            Row("highest RSS, MB", lambda s: s["RSS highest MB"]),
        ),
        alone=lambda alone: alone.pack,
        most_rounds=3,
    ),
    Measure(
        "shootout",
        "zodbshootout, 2 threads, 100 objects in a transaction; ms for a transaction, or for all of its objects",
        tuple(Row(name, lambda s, name=name: s[name], charted=True) for name in BENCHMARKS),
        alone=lambda alone: alone.shootout,
        most_rounds=1,
    ),
)
