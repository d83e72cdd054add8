"""CPU time and memory of processes."""

import mmap
import os
import time

from bench import measure
from bench.cpus import started_on
from bench.measure import Meter

MIB = 1024 * 1024


def test_cpu_seconds() -> None:
    """They grow by what a process has worked, and are 0 for one that is not there."""
    meter = Meter((os.getpid(),))
    began = time.process_time()
    while time.process_time() - began < 0.1:
        pass
    meter.stop()
    worked = time.process_time() - began
    assert worked - 0.03 <= meter.server_seconds <= worked + 0.03
    assert meter.load_seconds >= 0.1
    assert meter.wall_seconds >= 0.1
    assert measure.cpu_seconds([2**30]) == 0


def test_peak_of_memory() -> None:
    """What was taken and given back shows in the peak, until that is forgotten."""
    measure.forget_peak(os.getpid())
    before = measure.memory(os.getpid())
    with mmap.mmap(-1, 64 * MIB) as block:  # from the kernel, whatever this process has to spare
        block.write(bytes([1]) * len(block))
    after = measure.memory(os.getpid())
    assert after.peak_rss - before.rss > 50
    measure.forget_peak(os.getpid())
    assert measure.memory(os.getpid()).peak_rss - before.rss < 50


def test_started_on() -> None:
    """What is done inside the block is done on that core, and the others are back after it."""
    every = os.sched_getaffinity(0)
    with started_on({min(every)}):
        assert os.sched_getaffinity(0) == {min(every)}
    assert os.sched_getaffinity(0) == every
