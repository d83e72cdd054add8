"""Clients that take content codings, and what they make of the answers."""

import gzip
from dataclasses import dataclass

import brotli
import zstandard
from unit.cache.node import PLACE, Node, Worker, read

from sidecar.cache.answer import Answer, Want
from sidecar.cache.key import CacheKey, Variant
from sidecar.cache.negotiation import CodingRules
from sidecar.http.encoding import CODINGS
from sidecar.store.codecs import CODECS

RULES = CodingRules(offered=CODINGS, min_bytes=100, max_bytes=1024 * 1024)
TEXT = b"".join(b"line %d of a text that repeats itself\n" % number for number in range(500))
OTHER_TEXT = TEXT.replace(b"text", b"book")
CSS = {"content-type": "text/css", "etag": '"a"'}
KEY = CacheKey(PLACE.store, PLACE.bucket, "key")
VARIANT = Variant("br", '"a"', CODECS["br"].recipe)

_UNDO = {"br": brotli.decompress, "zstd": zstandard.decompress, "gzip": gzip.decompress, None: bytes}


@dataclass(frozen=True, slots=True)
class Coded:
    """What a client got: the coding, the body without it, and how the cache came by it."""

    coding: str | None
    text: bytes
    said: str


async def coded(worker: Worker, accept: str | None = "br", key: str = "key") -> Coded:
    """Ask as a client that takes codings, read all, undo the coding; the worker has done its last bit then."""
    return await undone(await worker.ask(key, Want(accept_encoding=accept)), worker)


async def undone(answer: Answer, worker: Worker) -> Coded:
    """Read an answer, and undo its coding by other means than ours."""
    reply = await read(answer)
    await worker.tasks.ended()
    assert len(reply.body) == answer.stored.content_length
    coding = answer.stored.header("content-encoding")
    return Coded(coding, _UNDO[coding](reply.body), reply.said)


async def headers(worker: Worker, accept: str | None = "br", key: str = "key") -> dict[str, str]:
    """Ask, and give the headers of the representation."""
    answer = await worker.ask(key, Want(accept_encoding=accept))
    await answer.body.close()
    await worker.tasks.ended()
    return dict(answer.stored.headers)


def work(*workers: Worker) -> list[str]:
    """The codings that were applied or undone, by all of these."""
    return [done for worker in workers for done in worker.coders.work]


def variant_key() -> CacheKey:
    """The key of the object's variant in br."""
    return KEY.of_variant(VARIANT)


def coding_worker(node: Node, rules: CodingRules = RULES) -> Worker:
    """Start a worker that applies codings."""
    node.coding = rules
    return node.worker()
