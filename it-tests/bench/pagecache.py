"""The system's page cache: what of a file is in it, and how to get it out."""

import ctypes
import mmap
import os

MADV_PAGEOUT = 21
# The same on all processors.
SYS_PROCESS_MADVISE = 440
# The system takes 2 GB of them at once.
MOST_RANGES = 256
# What may be left of a file: the system reads ahead, and a page that is in use right now stays.
LEFT = 0.02

_libc = ctypes.CDLL(None, use_errno=True)


class _Range(ctypes.Structure):
    _fields_ = [("start", ctypes.c_void_p), ("length", ctypes.c_size_t)]


def forget(path, pid):
    """
    Drops a file that a process uses. What is still there afterwards is an error: pages that are mapped stay, whatever is asked for of
    the file, so the process's own are put out first, which takes Linux 5.10 and the right to do so (CAP_SYS_NICE).
    """
    _page_out(path, pid)
    with open(path, "rb") as file:
        # What is not on disk yet would stay.
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        share = _cached_share(file)
    if share > LEFT:
        raise OSError(f"{share:.0%} of {path} are in the page cache after it was dropped (expected: at most {LEFT:.0%})")


def _page_out(path, pid):
    with open(f"/proc/{pid}/maps") as maps:
        areas = [line.split()[0].split("-") for line in maps if line.rstrip("\n").endswith(path)]
    ranges = [(int(start, 16), int(end, 16) - int(start, 16)) for start, end in areas]
    if not ranges:
        return
    process = os.pidfd_open(pid)
    try:
        for i in range(0, len(ranges), MOST_RANGES):
            some = ranges[i : i + MOST_RANGES]
            vector = (_Range * len(some))(*some)
            if _libc.syscall(SYS_PROCESS_MADVISE, process, vector, ctypes.c_size_t(len(some)), MADV_PAGEOUT, 0) < 0:
                number = ctypes.get_errno()
                raise OSError(number, f"process_madvise: {os.strerror(number)}", path)
    finally:
        os.close(process)


def _cached_share(file):
    with mmap.mmap(file.fileno(), 0, mmap.MAP_PRIVATE, mmap.PROT_READ | mmap.PROT_WRITE) as mapped:
        pages = (len(mapped) + mmap.PAGESIZE - 1) // mmap.PAGESIZE
        cached = (ctypes.c_ubyte * pages)()
        first = ctypes.c_char.from_buffer(mapped)
        try:
            if _libc.mincore(ctypes.c_void_p(ctypes.addressof(first)), ctypes.c_size_t(len(mapped)), cached) < 0:
                number = ctypes.get_errno()
                raise OSError(number, f"mincore: {os.strerror(number)}", file.name)
        finally:
            del first
    return sum(page & 1 for page in cached) / pages
