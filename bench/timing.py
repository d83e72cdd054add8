"""One round of load against one server, and what it cost."""

from collections.abc import Callable

from bench import measure
from bench.load.reading import Reading
from bench.measure import Meter
from bench.metric import BYTES, CPU, ERRORS, LOAD_BUSY, OTHERS_BUSY, P50, P99, PER_CPU_SECOND, RATE, SERVER_BUSY
from bench.servers import Server


def timed(server: Server, load: Callable[[], Reading]) -> dict[str, float]:
    """Run the load, and put together what it read and what the server used meanwhile."""
    meter = Meter(server.pids())
    reading = load()
    meter.stop()
    values = {
        RATE.name: reading.answers_per_second,
        BYTES.name: reading.bytes_per_second,
        ERRORS.name: float(reading.errors),
        SERVER_BUSY: meter.server_seconds / meter.wall_seconds,
        LOAD_BUSY: meter.load_seconds / meter.wall_seconds,
        OTHERS_BUSY: max(0.0, meter.machine_seconds - meter.server_seconds - meter.load_seconds) / meter.wall_seconds,
    }
    if reading.answers and meter.server_seconds:
        values[CPU.name] = 1000 * meter.server_seconds / reading.answers
        values[PER_CPU_SECOND.name] = reading.answers / meter.server_seconds
    if reading.p50_ms is not None:
        values[P50.name] = reading.p50_ms
    if reading.p99_ms is not None:
        values[P99.name] = reading.p99_ms
    return values


def resident(server: Server) -> list[float]:
    """RSS of each process in MiB, the largest first."""
    return sorted((measure.memory(pid).rss for pid in server.pids()), reverse=True)
