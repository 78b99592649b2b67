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
    """`task` is a line for the load generator without the server's address; None is for what is not measured by load."""

    name: str
    title: str
    rows: tuple
    task: Optional[str] = None
    writes: bool = False


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


def _memory(label, when, key):
    return Row(label, lambda s: s[when][key] / 1024)


def _seconds(ticks):
    return ticks / TICKS_PER_SECOND


MEASURES = (
    Measure(
        "loads-1",
        "loads of 500 bytes, 1 connection, one after the other",
        (_rate(), _cpu(Expectation(0.5)), _own_cpu(), _micros("p50"), _micros("p99")),
        "loads connections=1 depth=1 seconds={seconds} objects={objects}",
    ),
    Measure(
        "loads-4x16",
        "loads of 500 bytes, 4 connections, 16 under way on each",
        (_rate(), _cpu(Expectation(0.25)), _own_cpu(), _micros("p50"), _micros("p99")),
        "loads connections=4 depth=16 seconds={seconds} objects={objects}",
    ),
    Measure(
        "commits-1",
        "commits of 1 object of 500 bytes, 1 connection; Data.fs is fsynced before finish answers",
        (_rate(), _cpu(), _millis("p50"), _millis("p99"), _millis("max")),
        "commits connections=1 shared=0 seconds={seconds}",
        writes=True,
    ),
    Measure(
        "commits-8",
        "commits of 1 object of 500 bytes, 8 connections, each its own objects; Data.fs is fsynced before finish answers",
        (_rate(Expectation(4, at_least=True)), _cpu(), _millis("p50"), _millis("p99", Expectation(0.1)), _millis("max")),
        "commits connections=8 shared=0 seconds={seconds}",
        writes=True,
    ),
    Measure(
        "commits-8-same",
        "commits of 1 object of 500 bytes, 8 connections, all the same object, again after a conflict; Data.fs is fsynced before finish answers",
        (_rate(), _cpu(), _millis("p50"), _millis("p99"), _millis("max")),
        "commits connections=8 shared=1 seconds={seconds}",
        writes=True,
    ),
    Measure(
        "blob-up",
        f"blob of {BLOB_BYTES // 1_000_000} MB up, with its commit; Data.fs is fsynced, and in Zeolite the blob too",
        (_megabytes(), _cpu_of_gigabyte()),
        "blob-upload connections=1 seconds=0 times=1 oid={blob_oid} length={blob_bytes}",
        writes=True,
    ),
    Measure(
        "blob-down",
        f"blob of {BLOB_BYTES // 1_000_000} MB down, from the page cache",
        (_megabytes(Expectation(1, at_least=True)), _cpu_of_gigabyte()),
        "blob-download connections=1 seconds=0 times=3 oid={blob_oid} length={blob_bytes}",
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
