"""Records as documents in MongoDB."""

import asyncio
import logging
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Final, NamedTuple
from urllib.parse import unquote_plus

import bson
from bson.errors import BSONError
from bson.int64 import Int64
from bson.raw_bson import RawBSONDocument
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo.errors import BulkWriteError, NetworkTimeout, OperationFailure, PyMongoError

from ops.records import Record
from ops.sinks.aside import begin
from ops.sinks.base import Delivery, SinkUnavailableError
from ops.sinks.document import document_of

logger = logging.getLogger(__name__)

_Index = Mapping[str, Any]

_INDEXED: Final = ("method", "resource", "status", "timestamp")
_LONG: Final = ("size", "time", "timestamp")
_DAY_SECONDS: Final = 86_400
_MOST_BYTES: Final = 16 * 1024 * 1024
"""What MongoDB allows a document (https://www.mongodb.com/docs/manual/reference/limits/)."""
_DEFAULTS: Final[Mapping[str, Any]] = {
    "appname": "s3-sidecar",
    "connecttimeoutms": 5_000,
    "maxpoolsize": 2,
    "serverselectiontimeoutms": 5_000,
    "sockettimeoutms": 5_000,
    "waitqueuetimeoutms": 5_000,
}
_WRITE_SECONDS: Final = 60.0
"""For what no option of the driver bounds, such as a name server that hangs."""
_CLOSE_SECONDS: Final = 2.0
_DUPLICATE_KEY: Final = 11_000
_REASONS: Final = {_DUPLICATE_KEY: "duplicate_key", 121: "validation"}
# https://github.com/mongodb/specifications/blob/master/source/retryable-writes/retryable-writes.md
_PASSING: Final = frozenset({6, 7, 89, 91, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436})
_MOST_TOLD: Final = 300


class MongoSink:
    """Inserts batches, unordered; what the URI says of time-outs and the like wins over the defaults here.

    Each document has its `_id` before it is sent, so that none is stored twice when a batch is sent again. `ttl_days`
    is after how many days MongoDB removes documents; None for never.
    """

    name = "mongo"

    def __init__(self, uri: str, database: str, collection: str, ttl_days: int | None = None) -> None:
        self._uri = uri
        self._names = (database, collection)
        self._ttl_days = ttl_days
        self._client: AsyncIOMotorClient[dict[str, Any]] | None = None
        self._has_indexes = False
        self._batch: Sequence[Record] = ()
        self._pending: dict[int, RawBSONDocument] = {}
        self._dropped: dict[int, str] = {}
        self._told: set[str] = set()

    async def start(self) -> None:
        """Connect, see whether it answers, and create the indexes that are missing."""
        try:
            async with asyncio.timeout(_WRITE_SECONDS):
                await self._connected().admin.command("ping")
                if not self._has_indexes:
                    await self._index()
        except (PyMongoError, TimeoutError) as error:
            raise SinkUnavailableError(self._words(error)) from None

    async def write(self, batch: Sequence[Record]) -> Delivery:
        """Insert what has not been inserted of this batch; see `Sink`."""
        if batch is not self._batch:
            self._take(batch)
        try:
            async with asyncio.timeout(_WRITE_SECONDS):
                await self._insert()
        except (PyMongoError, TimeoutError) as error:
            raise SinkUnavailableError(self._words(error)) from None
        self._batch = ()
        return Delivery(len(batch) - len(self._dropped), Counter(self._dropped.values()))

    async def close(self) -> None:
        """Close all connections; a server that hangs holds this up for two seconds at most."""
        client, self._client = self._client, None
        self._batch, self._pending = (), {}
        if client is not None:
            with suppress(PyMongoError, TimeoutError):
                async with asyncio.timeout(_CLOSE_SECONDS):
                    # It says goodbye to the server, and waits for an answer.
                    await asyncio.shield(begin(client.close, "closing mongo"))

    def _connected(self) -> "AsyncIOMotorClient[dict[str, Any]]":
        if self._client is None:
            given = {name.lower() for name in re.findall(r"[?&;]([^=&;]+)=", self._uri)}
            defaults = {name: value for name, value in _DEFAULTS.items() if name not in given}
            try:
                self._client = AsyncIOMotorClient(self._uri, **defaults)
            except (PyMongoError, ValueError) as error:
                raise SinkUnavailableError(f"the URI of MongoDB cannot be used: {self._masked(str(error))}") from None
        return self._client

    def _collection(self) -> Any:
        database, collection = self._names
        return self._connected()[database][collection]

    def _take(self, batch: Sequence[Record]) -> None:
        documents = {place: _encoded(record) for place, record in enumerate(batch)}
        self._batch = batch
        self._pending = {place: RawBSONDocument(document) for place, document in documents.items() if document}
        self._dropped = {place: "encoding" for place, document in documents.items() if not document}

    async def _insert(self) -> None:
        if not self._pending:
            return
        places = list(self._pending)
        try:
            await self._collection().insert_many(list(self._pending.values()), ordered=False)
        except BulkWriteError as error:
            self._sort_out(places, outcome_of(error.details, len(places)))
        else:
            self._pending = {}

    def _sort_out(self, places: Sequence[int], outcome: "Outcome") -> None:
        """Keep what is to be sent again; raises SinkUnavailableError where there is any."""
        for index, code in outcome.refused.items():
            reason = _REASONS.get(code, "refused")
            self._dropped[places[index]] = reason
            self._tell(f"refuses documents ({reason}, code {code})")
        for code in outcome.unmet:
            self._tell(f"has written, but not as the write concern asks for (code {code})")
        self._pending = {places[index]: self._pending[places[index]] for index in outcome.again}
        if outcome.again:
            raise SinkUnavailableError("MongoDB is changing its primary or shutting down")

    async def _index(self) -> None:
        existing = await self._existing_indexes()
        for name in _INDEXED:
            if not {((name, 1),), ((name, -1),)} & set(existing):
                await self._create(name)
        await self._expire(existing.get((("created", 1),)))
        self._has_indexes = True

    async def _existing_indexes(self) -> dict[tuple[tuple[str, Any], ...], _Index]:
        try:
            found = await self._collection().index_information()
        except OperationFailure as error:
            if error.code in _PASSING:
                raise
            return {}
        return {tuple(index["key"]): index for index in found.values()}

    async def _expire(self, existing: _Index | None) -> None:
        """Let the index on `created` be as `ttl_days` says."""
        seconds = None if self._ttl_days is None else self._ttl_days * _DAY_SECONDS
        known = existing.get("expireAfterSeconds") if existing else None
        if seconds is None:
            if known is not None:
                logger.warning("MongoDB removes documents after %s s: the index on created was there before", known)
        elif existing is None:
            await self._create("created", expireAfterSeconds=seconds)
        elif known != seconds:
            await self._change_expiry(seconds)

    async def _change_expiry(self, seconds: int) -> None:
        database, collection = self._names
        index = {"keyPattern": {"created": 1}, "expireAfterSeconds": seconds}
        try:
            await self._connected()[database].command({"collMod": collection, "index": index})
        except (OperationFailure, NetworkTimeout) as error:
            logger.warning("documents will not expire as --mongo-ttl-days says: %s", self._words(error))

    async def _create(self, name: str, **options: Any) -> None:
        try:
            await self._collection().create_index(name, **options)
        except (OperationFailure, NetworkTimeout) as error:
            if isinstance(error, OperationFailure) and error.code in _PASSING:
                raise
            logger.warning("no index on %s, create it yourself if you need it: %s", name, self._words(error))

    def _tell(self, what: str) -> None:
        if what not in self._told:
            self._told.add(what)
            logger.warning("MongoDB %s, told once", what)

    def _words(self, error: Exception) -> str:
        """What happened, without the documents and credentials that errors can hold."""
        if isinstance(error, TimeoutError):
            return "MongoDB does not answer in time"
        if isinstance(error, OperationFailure):
            name = (error.details or {}).get("codeName")
            return f"MongoDB says {name or 'no'} (code {error.code})"
        # Behind these the driver repeats the answer, and describes all it knows of the servers.
        words = re.split(r", (?:full error|Timeout):", str(error), maxsplit=1)[0]
        return f"MongoDB: {self._masked(words) or type(error).__name__}"

    def _masked(self, text: str) -> str:
        for secret in _secrets(self._uri):
            text = text.replace(secret, "****")
        return text[:_MOST_TOLD]


class Outcome(NamedTuple):
    """What became of documents that were not all inserted: their places, and the server's codes.

    `refused` will not be written, `again` is to be sent once more; `unmet` are the write concerns that the others
    did not meet.
    """

    refused: dict[int, int]
    again: list[int]
    unmet: set[int]


def outcome_of(details: Mapping[str, Any], count: int) -> Outcome:
    """What `details` of a BulkWriteError say of so many documents, inserted unordered; those left out are written."""
    concerns = {error["code"] for error in details.get("writeConcernErrors", ())}
    errors = {error["index"]: error["code"] for error in details["writeErrors"] if not _is_own_key(error)}
    refused = {index: code for index, code in errors.items() if code not in _PASSING}
    if concerns & _PASSING:  # what was written may be rolled back
        return Outcome(refused, [index for index in range(count) if index not in refused], set())
    return Outcome(refused, [index for index in errors if index not in refused], concerns)


def _secrets(uri: str) -> list[str]:
    """User and password, as they are written and as they are meant, and the properties of an authentication."""
    user, _, password = uri.partition("://")[2].rpartition("@")[0].partition(":")
    properties = re.findall(r"(?i)authmechanismproperties=([^&;]+)", uri)
    found = {text for raw in (user, password, *properties) for text in (raw, unquote_plus(raw))}
    return sorted(found - {""}, key=len, reverse=True)


def _encoded(record: Record) -> bytes | None:
    """The document in BSON; None where BSON cannot hold it."""
    document = {"_id": bson.ObjectId()} | {
        name: _clean(value) for name, value in document_of(record).items() if value is not None
    }
    document |= {name: Int64(document[name]) for name in _LONG}
    try:
        encoded = bson.encode(document)
    except (BSONError, OverflowError, ValueError):
        return None
    return encoded if len(encoded) <= _MOST_BYTES else None


def _clean(value: Any) -> Any:
    """The value; in text, U+FFFD for each byte that was not UTF-8."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, Mapping):
        return {_clean(name): _clean(text) for name, text in value.items()}
    return value


def _is_own_key(error: Mapping[str, Any]) -> bool:
    """Whether a document of that `_id` is there: it was stored when it was sent before."""
    is_id = error.get("keyPattern") == {"_id": 1} or re.search(r"index: (\S*\$)?_id_ ", error.get("errmsg", ""))
    return error["code"] == _DUPLICATE_KEY and bool(is_id)
