"""Every metric, declared once: exposition, documentation, rules and dashboard are checked against these rows."""

from collections.abc import Mapping

from ops.metrics.metric import OTHER, Kind, Merge, Metric, Source
from sidecar.observe import OUTCOMES, UNASKED

METHODS = ("GET", "HEAD", "OPTIONS", OTHER)
CODES = (
    "200", "204", "206", "301", "302", "303", "304", "307", "308", "400", "403", "404", "405", "408", "412", "413",
    "414", "416", "417", "429", "431", "499", "500", "502", "503", "504", "505", OTHER,
)  # fmt: skip
OPERATIONS = ("GetObject", "ListObjectsV2", OTHER)
ANSWERS = ("200", "206", "304", "403", "404", "412", "timeout", "unavailable", "credentials", "protocol", OTHER)
REASONS = ("unavailable", "timeout", "credentials", "forbidden", "protocol", "changed", OTHER)
CIRCUITS = ("closed", "open", "half-open")
SCOPES = ("clear", "key", "prefix", "tag")
SHORTAGES = ("bytes", "entries", "disk")
SINKS = ("akumuli", "mongo", "file")
DROPS = (
    "full", "handover", "lost", "shutdown",
    "bad_argument", "duplicate_key", "encoding", "late_write", "parser", "refused", "validation", OTHER,
)  # fmt: skip
"""Why a record is not written: for want of room or time, and, in the second line, since a sink refused it."""
LOOKUPS = ("found", "unknown", "failed", "skipped")
SAVING = ("hit", "stale", "collapsed")
"""The outcomes of requests that did not have to ask the bucket."""

_NS = 1_000_000_000
_MS = 1_000
_ANSWER_SECONDS = (0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_ORIGIN_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_ALL_OUTCOMES = (*OUTCOMES, UNASKED)

_REQUESTS = (
    Metric(
        "requests_total", Kind.COUNTER,
        "Requests answered; code 499 for a client that left before there was an answer.",
        {"method": METHODS, "code": CODES, "outcome": _ALL_OUTCOMES}, is_sparse=True,
    ),
    Metric(
        "request_duration_seconds", Kind.HISTOGRAM, "Time from a request's arrival until its answer was handed on.",
        {"outcome": _ALL_OUTCOMES}, _ANSWER_SECONDS, _NS,
    ),
    Metric(
        "request_first_byte_seconds", Kind.HISTOGRAM, "Time from a request's arrival until its answer began.",
        {"outcome": _ALL_OUTCOMES}, _ANSWER_SECONDS, _NS,
    ),
    Metric("response_bytes_total", Kind.COUNTER, "Bytes of answers' bodies.", {"outcome": _ALL_OUTCOMES}),
    Metric("requests_in_flight", Kind.GAUGE, "Requests that are being answered; those out of memory never are."),
    Metric("client_aborts_total", Kind.COUNTER, "Requests whose client left before its answer was complete."),
)  # fmt: skip

_CACHE = (
    Metric(
        "cache_requests_total", Kind.COUNTER, "Requests that the cache was asked for, by what it did.",
        {"outcome": OUTCOMES}, source=Source.WORKED_OUT,
    ),
    Metric(
        "cache_served_bytes_total", Kind.COUNTER, "Bytes of bodies that the cache had a part in, by what it did.",
        {"outcome": OUTCOMES}, source=Source.WORKED_OUT,
    ),
    Metric(
        "saved_s3_requests_total", Kind.COUNTER,
        "Requests answered without one to the bucket: outcomes hit, stale and collapsed.",
        source=Source.WORKED_OUT,
    ),
    Metric(
        "saved_s3_bytes_total", Kind.COUNTER,
        "Bytes served that the bucket did not have to send: outcomes hit, stale, collapsed and revalidated.",
        source=Source.WORKED_OUT,
    ),
    Metric("cache_bytes", Kind.GAUGE, "Bytes that the cache takes on disk.", source=Source.WORKED_OUT),
    Metric("cache_limit_bytes", Kind.GAUGE, "Bytes that it may take.", source=Source.WORKED_OUT),
    Metric("cache_entries", Kind.GAUGE, "Stored responses on disk.", source=Source.WORKED_OUT),
    Metric("cache_limit_entries", Kind.GAUGE, "How many there may be.", source=Source.WORKED_OUT),
    Metric("cache_disk_free_bytes", Kind.GAUGE, "Bytes free on the cache's file system.", source=Source.WORKED_OUT),
    Metric("cache_min_free_bytes", Kind.GAUGE, "Bytes that the cache leaves free there.", source=Source.WORKED_OUT),
    Metric(
        "cache_evictions_total", Kind.COUNTER, "Stored responses removed for room, by what was short.",
        {"reason": SHORTAGES},
    ),
    Metric("cache_purges_total", Kind.COUNTER, "Purges and clears by operators.", {"scope": SCOPES}),
    Metric("cache_disk_failures_total", Kind.COUNTER, "Answers that were not stored, since the disk failed."),
    Metric("fills_in_flight", Kind.GAUGE, "Objects on their way into the cache."),
    Metric("fill_waiters", Kind.GAUGE, "Requests that wait for a fill to begin, or for its answer in memory."),
    Metric("fill_errors_total", Kind.COUNTER, "Fills that failed.", {"reason": REASONS}),
)  # fmt: skip

_ORIGIN = (
    Metric(
        "origin_requests_total", Kind.COUNTER,
        "Requests to the bucket, retries not counted, by status or what happened instead.",
        {"operation": OPERATIONS, "code": ANSWERS}, is_sparse=True,
    ),
    Metric(
        "origin_request_duration_seconds", Kind.HISTOGRAM,
        "Time until the bucket's answer began, or failed, retries included.",
        {"operation": OPERATIONS}, _ORIGIN_SECONDS, _NS,
    ),
    Metric("origin_retries_total", Kind.COUNTER, "Requests to the bucket that were tried once more."),
    Metric("origin_received_bytes_total", Kind.COUNTER, "Bytes of bodies received from the bucket."),
    Metric(
        "origin_circuits", Kind.GAUGE, "Circuit breakers, one for each bucket in each worker, by state.",
        {"state": CIRCUITS},
    ),
    Metric(
        "origin_last_answer_timestamp_seconds", Kind.GAUGE, "When the root's bucket last answered; 0 for never.",
        scale=_MS, merge=Merge.LATEST,
    ),
    Metric(
        "origin_last_failure_timestamp_seconds", Kind.GAUGE, "When the root's bucket last gave none; 0 for never.",
        scale=_MS, merge=Merge.LATEST,
    ),
    Metric(
        "origin_without_credentials", Kind.GAUGE,
        "Ways to a bucket, in each worker, for which no credentials are found.",
    ),
    Metric(
        "credentials_expiry_timestamp_seconds", Kind.GAUGE,
        "When the first credentials run out; absent where none do.", scale=_MS, merge=Merge.SOONEST,
    ),
    Metric("credentials_refreshes_total", Kind.COUNTER, "Credentials that were renewed."),
)  # fmt: skip

_RECORDS = (
    Metric(
        "records_queued_total", Kind.COUNTER, "Records of requests that were to be written, by sink.", {"sink": SINKS}
    ),
    Metric("records_written_total", Kind.COUNTER, "Records that were written.", {"sink": SINKS}),
    Metric(
        "records_dropped_total", Kind.COUNTER,
        "Records given up: the queue was full, a worker could not hand them over, they were lost with the records "
        "process, the sink refused them, or the server ended.",
        {"sink": SINKS, "reason": DROPS},
    ),
    Metric("records_waiting", Kind.GAUGE, "Records in the sink's queue.", {"sink": SINKS}),
    Metric("records_queue_limit", Kind.GAUGE, "How many there may be.", {"sink": SINKS}),
    Metric(
        "records_lookups_total", Kind.COUNTER, "Addresses whose location was looked up, not counting those remembered.",
        {"outcome": LOOKUPS},
    ),
)  # fmt: skip

_PROCESSES = (
    Metric("build_info", Kind.GAUGE, "Always 1.", {"version": (), "python": ()}, source=Source.WORKED_OUT),
    Metric("start_timestamp_seconds", Kind.GAUGE, "When the server was started.", source=Source.WORKED_OUT),
    Metric("workers", Kind.GAUGE, "Worker processes, by whether they answer.", {"state": ("up", "down")},
        source=Source.WORKED_OUT,
    ),
    Metric("worker_restarts_total", Kind.COUNTER, "Workers that were started again.", source=Source.WORKED_OUT),
    Metric(
        "event_loop_lag_seconds", Kind.GAUGE, "How late a worker's event loop was at worst in the last 15 seconds.",
        scale=_NS, merge=Merge.APART,
    ),
    Metric(
        "gc_pause_seconds", Kind.HISTOGRAM, "How long workers stood still for Python's garbage collector.",
        {"generation": ("0", "1", "2")}, (0.0001, 0.001, 0.01, 0.1), _NS,
    ),
    Metric(
        "log_lost_lines_total", Kind.COUNTER, "Lines of the log that could not be written, to its file or to stdout.",
        merge=Merge.APART,
    ),
    Metric("access_log_lost_lines_total", Kind.COUNTER, "Lines of the access log that could not be written."),
    Metric("process_cpu_seconds_total", Kind.COUNTER, "CPU time.", scale=_NS, merge=Merge.APART),
    Metric("process_resident_memory_bytes", Kind.GAUGE, "Memory, shared pages included.", merge=Merge.APART),
    Metric("process_open_fds", Kind.GAUGE, "Open file descriptors.", merge=Merge.APART),
    Metric("process_max_fds", Kind.GAUGE, "How many there may be.", merge=Merge.APART),
    Metric(
        "process_start_timestamp_seconds", Kind.GAUGE, "When the process was started.", scale=_MS, merge=Merge.APART
    ),
)  # fmt: skip

GROUPS: Mapping[str, tuple[Metric, ...]] = {
    "Requests": _REQUESTS,
    "Cache": _CACHE,
    "Bucket": _ORIGIN,
    "Records": _RECORDS,
    "Processes": _PROCESSES,
}
METRICS: Mapping[str, Metric] = {metric.name: metric for group in GROUPS.values() for metric in group}
