"""How much of everything a run does."""

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Counts:
    """Rounds, and what one round of each kind of case does.

    A round of wrk lasts `seconds`, and one to warm up comes first. `ab` holds requests and connections of each run,
    `httperf` connections and calls on each.
    """

    rounds: int
    seconds: float
    warm_up_seconds: float
    large_bytes: int
    downloads_of_1m: int
    downloads_of_large: int
    cold_keys: int
    herd_clients: int
    starts: int
    entries: int
    ab: tuple[tuple[int, int], ...]
    httperf: tuple[int, int]


USUAL = Counts(
    rounds=5,
    seconds=3,
    warm_up_seconds=0.7,
    large_bytes=100 * MIB,
    downloads_of_1m=1_500,
    downloads_of_large=32,
    cold_keys=1_000,
    herd_clients=500,
    starts=5,
    entries=1_000_000,
    ab=((10_000, 100), (10_000, 200), (10_000, 300), (10_000, 400), (100_000, 100)),
    httperf=(100, 200),
)

FULL = Counts(
    rounds=9,
    seconds=5,
    warm_up_seconds=0.7,
    large_bytes=100 * MIB,
    downloads_of_1m=3_000,
    downloads_of_large=64,
    cold_keys=1_000,
    herd_clients=500,
    starts=9,
    entries=1_000_000,
    ab=((10_000, 100), (10_000, 200), (10_000, 300), (10_000, 400), (100_000, 100)),
    httperf=(20_000, 200),
)

SMOKE = Counts(
    rounds=1,
    seconds=0.1,
    warm_up_seconds=0.05,
    large_bytes=2 * MIB,
    downloads_of_1m=16,
    downloads_of_large=16,
    cold_keys=20,
    herd_clients=20,
    starts=1,
    entries=2_000,
    ab=((200, 20),),
    httperf=(5, 10),
)
"""Everything once, as little of it as shows that it works; its figures mean nothing."""
