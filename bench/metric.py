"""What is measured: names, units, and which way is better."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Metric:
    """One measured quantity; `digits` behind the point where it is shown, after multiplying with `scale`."""

    name: str
    title: str
    digits: int = 0
    scale: float = 1.0

    def text(self, value: float) -> str:
        """The value as a person reads it."""
        return f"{value * self.scale:,.{self.digits}f}"


RATE = Metric("answers_per_second", "requests/s")
BYTES = Metric("bytes_per_second", "MB/s", scale=1e-6)
P50 = Metric("p50_ms", "p50 ms", 2)
P99 = Metric("p99_ms", "p99 ms", 2)
CPU = Metric("cpu_seconds_per_1000", "CPU s/1k", 3)
PER_CPU_SECOND = Metric("answers_per_cpu_second", "requests per CPU s")
GROWTH = Metric("rss_growth_mib", "RSS growth MiB", 1)
S3_CALLS = Metric("s3_calls_per_key", "S3 calls per key", 3)
OVER_SINGLE_MISS = Metric("p99_over_single_miss", "p99 / single miss", 1)
SINGLE_MISS = Metric("single_miss_ms", "single miss ms", 2)
FIRST_ANSWER = Metric("first_answer_seconds", "s to first 200", 2)
WORKER_RSS = Metric("worker_rss_mib", "RSS MiB/worker", 1)
WORKER_PSS = Metric("worker_pss_mib", "PSS MiB/worker", 1)
TOTAL_PSS = Metric("total_pss_mib", "PSS MiB in all", 1)
ENTRY = Metric("bytes_per_entry", "bytes per entry")
ENTRIES = Metric("entries_over_bound", "entries / bound", 3)
ERRORS = Metric("errors", "errors")

SERVER_BUSY = "server_cores_busy"
LOAD_BUSY = "load_cores_busy"
OTHERS_BUSY = "others_cores_busy"
"""Cores that were at work in a round: for the server under test, for the load generator, for everybody else."""

METRICS = {
    metric.name: metric
    for metric in (
        RATE,
        BYTES,
        P50,
        P99,
        CPU,
        PER_CPU_SECOND,
        GROWTH,
        S3_CALLS,
        OVER_SINGLE_MISS,
        SINGLE_MISS,
        FIRST_ANSWER,
        WORKER_RSS,
        WORKER_PSS,
        TOTAL_PSS,
        ENTRY,
        ENTRIES,
        ERRORS,
    )
}
