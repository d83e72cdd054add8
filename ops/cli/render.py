"""Answers as a person reads them: from data to tables, without any effect."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from ops.cli.fleet import PodResult
from ops.cli.sheet import Facts, sheet
from ops.cli.text import count, duration, printable, ratio, size

Data = Any


def cleared(results: Sequence[PodResult]) -> RenderableType:
    """After a clear."""
    return sheet(results, {"cache": lambda data: "cleared" if data["cleared"] else "not cleared"})


def purged(results: Sequence[PodResult]) -> RenderableType:
    """After purges: what they came to, and how many bodies went."""
    return sheet(results, {"purged": _rules, "bodies removed": lambda data: count(data["removed"]), "failed": _failed})


def _rules(data: Data) -> str:
    shown = [f"{rule['scope']} {rule['value'] or '(everything)'}" for rule in data["rules"][:5]]
    more = len(data["rules"]) - len(shown)
    words = [*shown, *([f"and {more} more"] if more else [])]
    return ", ".join(words) + (" (softly)" if any(rule["soft"] for rule in data["rules"]) else "")


def _failed(data: Data) -> Text:
    return Text(count(data["failed"]), style="red" if data["failed"] else "")


def warmed(results: Sequence[PodResult]) -> RenderableType:
    """After a warm: how many objects were there, came, are missing, failed."""
    return sheet(
        results,
        {
            "objects": lambda data: count(data["done"]),
            "stored before": lambda data: count(data["hits"]),
            "fetched": lambda data: count(data["fetched"]),
            "missing": lambda data: count(data["missing"]),
            "failed": _failed,
        },
    )


_TRAFFIC: Facts = {
    "version": lambda data: data["version"],
    "up for": lambda data: duration(data["now"] - data["started_at"]),
    "requests": lambda data: count(data["requests"]["total"]),
    "in flight": lambda data: count(data["requests"]["in_flight"]),
    "hit ratio": lambda data: ratio(data["hit_ratio"], 1),
    "sent": lambda data: size(data["bytes"]["total"]),
}
_CACHE: Facts = {
    "stored": lambda data: fill(data["cache"]["bytes"], data["cache"]["limit_bytes"]),
    "entries": lambda data: f"{count(data['cache']['entries'])} of {count(data['cache']['limit_entries'])}",
    "disk free": lambda data: size(data["cache"]["disk_free_bytes"]),
    "evictions": lambda data: count(data["evictions"]),
    "purges": lambda data: counts(data["purges"]),
}
_ORIGIN: Facts = {
    "S3 requests": lambda data: count(data["origin"]["requests"]),
    "S3 requests saved": lambda data: count(data["origin"]["saved_requests"]),
    "S3 bytes saved": lambda data: size(data["origin"]["saved_bytes"]),
    "S3 errors": lambda data: alarm(data["origin"]["errors"]),
}
_DETAILS: Facts = {
    "outcomes": lambda data: counts(data["requests"]["by_outcome"]),
    "codes": lambda data: counts(data["requests"]["by_code"]),
    "fills": lambda data: counts(data["fills"]),
    "circuits": lambda data: counts(data["origin"]["circuits"]),
}


_MAIN = ("up for", "requests", "hit ratio", "sent", "stored", "S3 requests", "S3 bytes saved", "S3 errors")


def statistics(results: Sequence[PodResult]) -> RenderableType:
    """What each server counted since its start; of several the main numbers, so that a row stays a row."""
    facts: Facts = {**_TRAFFIC, **_CACHE, **_ORIGIN, **_DETAILS}
    return sheet(results, facts if len(results) == 1 else {name: facts[name] for name in _MAIN})


def fill(used: float, limit: float) -> Text:
    """How full something is, in colour when it is nearly so."""
    nearly = used > 0.9 * limit
    return Text(f"{size(used)} of {size(limit)} ({ratio(used, limit)})", style="yellow" if nearly else "")


def counts(numbers: Mapping[str, float]) -> str:
    """Counts by name, the largest first: `hit 1,100, miss 80`."""
    largest = sorted(((name, number) for name, number in numbers.items() if number), key=lambda pair: -pair[1])
    return ", ".join(f"{name} {count(number)}" for name, number in largest) or "none"


def alarm(number: float) -> Text:
    """A count that should be nothing."""
    return Text(count(number), style="red" if number else "")


_READINESS: Facts = {
    "ready": lambda data: _readiness(data["ready"]),
    "workers": lambda data: (
        f"{sum(worker['is_up'] for worker in data['stats']['workers'])} of {len(data['stats']['workers'])} up"
    ),
    "restarts": lambda data: alarm(sum(worker["restarts"] for worker in data["stats"]["workers"])),
}


def standing(results: Sequence[PodResult]) -> RenderableType:
    """How each server is: ready or not and why, and its main numbers."""
    numbers: Facts = {**_TRAFFIC, "stored": _CACHE["stored"], "S3 errors": _ORIGIN["S3 errors"]}
    return sheet(results, {**_READINESS, **{name: _of_stats(read) for name, read in numbers.items()}})


def _of_stats(read: Any) -> Any:
    return lambda data: read(data["stats"])


def _readiness(ready: Data) -> Text:
    if ready is None:
        return Text("unknown: no ops port answers", style="yellow")
    wrong = [f"{name}: {check['detail']}" for name, check in ready["checks"].items() if check["status"] != "pass"]
    return Text(printable("; ".join(wrong)), style="red") if wrong else Text("yes", style="green")


def checks(results: Sequence[PodResult]) -> RenderableType:
    """What a report of health or readiness looked at; those of one server."""
    found = results[0].data["checks"]
    return sheet(results, {name: _check(name) for name in found})


def _check(name: str) -> Any:
    return lambda data: data["checks"][name]["detail"]


def explained(results: Sequence[PodResult]) -> RenderableType:
    """What would become of a GET, and what is known of the object."""
    return sheet(
        results,
        {
            "decision": lambda data: Text(printable(data["decision"]["words"]), style="bold"),
            "path": lambda data: data["path"],
            "object": lambda data: f"{data['object_key']} in bucket {data['site']['bucket']}",
            "stored": _stored,
            "where": _where,
            "age": lambda data: duration(data["stored"]["age_seconds"]),
            "fresh for": _freshness,
            "etag": lambda data: data["stored"]["etag"],
            "size": lambda data: size(data["stored"]["content_length"]),
            "tags": lambda data: ", ".join(data["stored"]["tags"]) or "none",
            "digest": lambda data: data["digest"],
        },
    )


def _stored(data: Data) -> str:
    return f"{data['stored']['kind']}, {data['standing']}" if data["stored"] else "nothing"


def _where(data: Data) -> str:
    places = {"memory": data["is_in_memory"], "disk": data["is_on_disk"]}
    return " and ".join(place for place, is_there in places.items() if is_there) or "nowhere"


def _freshness(data: Data) -> str:
    left = data["stored"]["ttl_seconds"]
    whole = duration(data["stored"]["lifetime_seconds"])
    return (
        f"another {duration(left)} of {whole}" if left > 0 else f"no longer: stale for {duration(-left)} after {whole}"
    )


def released(results: Sequence[PodResult]) -> RenderableType:
    """Which folder of the bucket is served, and which was."""
    facts: Facts = {"prefix": lambda data: data["prefix"] or "(the whole bucket)"}
    if any(result.data and "previous" in result.data for result in results):
        facts = {**facts, "before": lambda data: data["previous"] or "(the whole bucket)"}
    return sheet(results, facts)


def configured(results: Sequence[PodResult]) -> RenderableType:
    """The effective settings of each server."""
    return Group(*(_settings(result, is_alone=len(results) == 1) for result in results))


def _settings(result: PodResult, *, is_alone: bool) -> RenderableType:
    heading = [] if is_alone else [Text(result.pod, style="bold")]
    if result.data is None:
        return Group(*heading)
    names = {name: _setting(name) for name in result.data.get("settings", {})}
    mounts = {f"mount {mount.get('path')}": _mount(mount) for mount in result.data.get("mounts", ())}
    return Group(*heading, sheet([result], {**names, **mounts}))


def _setting(name: str) -> Any:
    return lambda data: word(data["settings"][name])


def _mount(mount: Mapping[str, Any]) -> Any:
    return lambda _: ", ".join(f"{name} {word(value)}" for name, value in mount.items() if name != "path")


def word(value: Any) -> str:
    """A setting's value."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    return ", ".join(map(word, value)) if isinstance(value, list) else str(value)
