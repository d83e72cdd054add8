"""Records in MongoDB: exact documents, each once, whatever the server does."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import bson
import pytest
import trustme
from bson.int64 import Int64
from bson.raw_bson import RawBSONDocument
from hypothesis import given, settings
from hypothesis import strategies as st
from support.mongo import PASSWORD, USER, Mongo
from support.records import BERLIN, FIRST_NS, record, records
from support.tcp_relay import TcpRelay
from support.until import PATIENCE_SECONDS, soon

from ops.records import Record
from ops.sinks.base import Delivery, SinkUnavailableError
from ops.sinks.mongo import MongoSink

QUICK = "serverSelectionTimeoutMS=2000&socketTimeoutMS=2000&connectTimeoutMS=2000"
PATIENT = "serverSelectionTimeoutMS=30000&socketTimeoutMS=30000&connectTimeoutMS=30000"
HABIT = {"method_1", "resource_1", "status_1", "timestamp_1"}
TEXT = st.text(st.characters(exclude_categories=()), max_size=200)
NewSink = Callable[..., MongoSink]
RECORDS = st.builds(
    Record,
    method=TEXT,
    resource=TEXT,
    status=st.integers(0, 999),
    size_bytes=st.integers(0, 2**63 - 1),
    address=TEXT,
    media_type=st.none() | TEXT,
    is_compressed=st.booleans(),
    outcome=TEXT,
    timestamp_ns=st.integers(0, 2**62),
    duration_ns=st.integers(0, 2**63 - 1),
    location=st.none() | st.dictionaries(st.sampled_from(sorted(BERLIN)), TEXT),
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mongo]:
    """Run one that can be told to fail."""
    with Mongo(tmp_path_factory.mktemp("mongo"), "--enable-test-commands") as server:
        yield server


@pytest.fixture
def mongo(server: Mongo) -> Iterator[Mongo]:
    """The same, with nothing in it."""
    server.client.drop_database("metrics")
    yield server
    server.fail("insert", times=0)


@pytest.fixture
async def new_sink() -> AsyncIterator[NewSink]:
    """Make sinks with the names that are the default; they are closed with the test."""
    made = []

    def make(uri: str, ttl_days: int | None = None) -> MongoSink:
        made.append(MongoSink(uri, "metrics", "request", ttl_days))
        return made[-1]

    yield make
    for sink in made:
        await sink.close()


def stored(mongo: Mongo) -> list[dict[str, Any]]:
    """Every document, without its id."""
    found = mongo.client["metrics"]["request"].find({}, {"_id": 0}).sort("timestamp")
    return list(found)


def indexes(mongo: Mongo) -> dict[str, Any]:
    """By name, the one on `_id` left out."""
    found = dict(mongo.client["metrics"]["request"].index_information())
    return {name: index for name, index in found.items() if name != "_id_"}


async def deliver(sink: MongoSink, batch: tuple[Record, ...], tries: int = 5) -> tuple[Delivery, int]:
    """Write a batch as the pipeline does, and tell how often that had to be tried again."""
    for number in range(tries):
        try:
            return await sink.write(batch), number
        except SinkUnavailableError:
            pass
    raise AssertionError(f"not delivered in {tries} tries")


async def test_a_document(mongo: Mongo, new_sink: NewSink) -> None:
    """Every field, of the type that it has in this system."""
    sink = new_sink(mongo.uri)
    await sink.start()
    assert await sink.write((record(location=BERLIN),)) == Delivery(1)
    await sink.close()
    raw_options = bson.CodecOptions(document_class=RawBSONDocument)
    raw: Any
    (raw,) = mongo.client["metrics"].get_collection("request", codec_options=raw_options).find()
    document: dict[str, Any] = bson.decode(raw.raw, bson.CodecOptions(tz_aware=True, tzinfo=UTC))
    assert isinstance(document.pop("_id"), bson.ObjectId)
    assert document == {
        "method": "GET",
        "resource": "/index.html",
        "mimeType": "text/html",
        "ipaddress": "203.0.113.7",
        "size": 2950,
        "time": 123_456,
        "status": 200,
        "compressed": False,
        "timestamp": FIRST_NS,
        "created": datetime(2026, 1, 1, 0, 0, 0, 123_000, UTC),
        "cache": "hit",
        "location": BERLIN,
    }
    types = {name: type(value) for name, value in document.items()}
    assert (types["size"], types["time"], types["timestamp"], types["status"]) == (Int64, Int64, Int64, int)
    assert types["compressed"] is bool


async def test_what_is_not_known_is_left_out(mongo: Mongo, new_sink: NewSink) -> None:
    """There is no null: a type is text where there is one, a location a document."""
    sink = new_sink(mongo.uri)
    await sink.write((record()._replace(media_type=None),))
    await sink.close()
    (document,) = stored(mongo)
    assert not {"mimeType", "location"} & set(document)


def test_any_record_can_be_read_back(server: Mongo) -> None:
    """Text that is not UTF-8 too, with U+FFFD for what cannot be said."""
    with asyncio.Runner() as runner:
        sink = MongoSink(server.uri, "metrics", "request")

        @settings(max_examples=50, deadline=None)
        @given(st.lists(RECORDS, max_size=20))
        def check(batch: list[Record]) -> None:
            server.client.drop_database("metrics")
            assert runner.run(sink.write(batch)) == Delivery(len(batch))
            found = server.client["metrics"]["request"].find().sort("_id")
            for wanted, document in zip(batch, found, strict=True):
                assert document["resource"] == _sayable(wanted.resource)
                assert (document["size"], document["time"]) == (wanted.size_bytes, wanted.duration_ns)
                assert document["timestamp"] == wanted.timestamp_ns
                assert document.get("mimeType") == (wanted.media_type and _sayable(wanted.media_type))
                location = wanted.location and {name: _sayable(text) for name, text in wanted.location.items()}
                assert document.get("location") == (wanted.location if wanted.location is None else location)

        check()
        runner.run(sink.close())


def _sayable(text: str) -> str:
    return "".join("\ufffd" if 0xD800 <= ord(character) <= 0xDFFF else character for character in _paired(text))


def _paired(text: str) -> str:
    # Two surrogates that make a pair are one character, as in UTF-16.
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


async def test_what_does_not_fit_is_dropped(mongo: Mongo, new_sink: NewSink) -> None:
    """A number of more than 64 bits and a document of more than 16 MB; the others are written."""
    batch = (record(1), record(2)._replace(size_bytes=2**64), record(3, resource="/" * 2**24), record(4))
    sink = new_sink(mongo.uri)
    assert await sink.write(batch) == Delivery(2, {"encoding": 2})
    assert await sink.write(batch[1:2]) == Delivery(0, {"encoding": 1})
    await sink.close()
    assert [document["size"] for document in stored(mongo)] == [2951, 2954]


async def test_indexes_are_created_once(mongo: Mongo, caplog: pytest.LogCaptureFixture, new_sink: NewSink) -> None:
    """Those that are the users' habit, and no other; a second start finds them."""
    for _ in range(2):
        sink = new_sink(mongo.uri)
        await sink.start()
        await sink.start()
        await sink.close()
    assert set(indexes(mongo)) == HABIT
    assert caplog.records == []


async def test_indexes_that_users_made_are_enough(
    mongo: Mongo, caplog: pytest.LogCaptureFixture, new_sink: NewSink
) -> None:
    """Under another name, or the other way round."""
    collection = mongo.client["metrics"]["request"]
    collection.create_index("method", name="mine")
    collection.create_index([("timestamp", -1)])
    sink = new_sink(mongo.uri)
    await sink.start()
    await sink.close()
    assert set(indexes(mongo)) == {"mine", "resource_1", "status_1", "timestamp_-1"}
    assert caplog.records == []


async def test_an_index_in_the_way(mongo: Mongo, caplog: pytest.LogCaptureFixture, new_sink: NewSink) -> None:
    """Its name is taken: a line for the operator, and everything else goes on."""
    mongo.client["metrics"]["request"].create_index("size", name="method_1")
    sink = new_sink(mongo.uri)
    await sink.start()
    assert await sink.write((record(),)) == Delivery(1)
    await sink.close()
    assert set(indexes(mongo)) == HABIT
    assert [line.getMessage() for line in caplog.records] == [
        "no index on method, create it yourself if you need it: MongoDB says IndexKeySpecsConflict (code 86)"
    ]


@pytest.mark.parametrize("command", ["createIndexes", "listIndexes"])
async def test_without_the_right_to_indexes(
    mongo: Mongo, caplog: pytest.LogCaptureFixture, command: str, new_sink: NewSink
) -> None:
    """Who may only insert can insert."""
    sink = new_sink(mongo.uri)
    mongo.fail(command, times=10, errorCode=13)
    await sink.start()
    mongo.fail(command, times=0)
    assert await sink.write((record(),)) == Delivery(1)
    await sink.close()
    assert all("Unauthorized" in line.getMessage() for line in caplog.records)
    assert len(caplog.records) == (4 if command == "createIndexes" else 0)


async def test_documents_expire(mongo: Mongo, caplog: pytest.LogCaptureFixture, new_sink: NewSink) -> None:
    """After as many days as were last asked for."""
    for days in (30, 30, 7):
        sink = new_sink(mongo.uri, days)
        await sink.start()
        await sink.close()
        assert indexes(mongo)["created_1"]["expireAfterSeconds"] == days * 86_400
    assert set(indexes(mongo)) == {*HABIT, "created_1"}
    assert caplog.records == []
    sink = new_sink(mongo.uri)
    await sink.start()
    await sink.close()
    (line,) = caplog.records
    assert line.getMessage() == "MongoDB removes documents after 604800 s: the index on created was there before"


async def test_who_may_not_change_the_expiry(mongo: Mongo, caplog: pytest.LogCaptureFixture, new_sink: NewSink) -> None:
    """A line for the operator."""
    mongo.client["metrics"]["request"].create_index("created", expireAfterSeconds=60)
    mongo.fail("collMod", errorCode=13)
    sink = new_sink(mongo.uri, 7)
    await sink.start()
    await sink.close()
    (line,) = caplog.records
    assert "will not expire as --mongo-ttl-days says: MongoDB says Unauthorized (code 13)" in line.getMessage()


async def test_documents_that_are_refused(mongo: Mongo, caplog: pytest.LogCaptureFixture, new_sink: NewSink) -> None:
    """Each is counted by its reason, told of once, and the others are written."""
    mongo.client["metrics"].create_collection("request", validator={"size": {"$lt": 2955}})
    mongo.client["metrics"]["request"].create_index("timestamp", name="mine", unique=True)
    sink = new_sink(mongo.uri)
    first, second = records(8), (record(0), record(20), record(4)._replace(timestamp_ns=1))
    assert await sink.write(first) == Delivery(5, {"validation": 3})
    assert await sink.write(second) == Delivery(1, {"duplicate_key": 1, "validation": 1})
    await sink.close()
    assert len(stored(mongo)) == 6
    assert [line.getMessage() for line in caplog.records] == [
        "MongoDB refuses documents (validation, code 121), told once",
        "MongoDB refuses documents (duplicate_key, code 11000), told once",
    ]


FAILURES = {
    "not-allowed-to": {"errorCode": 13},
    "shutting-down": {"errorCode": 11600},
    "no-primary": {"errorCode": 10107},
    "connection-closed": {"closeConnection": True},
    "may-be-rolled-back": {"writeConcernError": {"code": 91, "errmsg": "shutting down"}},
}


@pytest.mark.parametrize("how", FAILURES.values(), ids=FAILURES)
async def test_a_failure_passes(mongo: Mongo, how: dict[str, Any], new_sink: NewSink) -> None:
    """What failed as a whole is sent again, and nothing is stored twice."""
    # A real server would tell of its recovery; this one has to be asked.
    sink = new_sink(f"{mongo.uri}?retryWrites=false&serverMonitoringMode=poll&{PATIENT}")
    await sink.start()
    mongo.fail("insert", **how)
    assert await deliver(sink, records(50)) == (Delivery(50), 1)
    await sink.close()
    assert len(stored(mongo)) == 50


async def test_a_write_concern_that_is_not_met(
    mongo: Mongo, caplog: pytest.LogCaptureFixture, new_sink: NewSink
) -> None:
    """It is written where it was sent to: a line, no second copy."""
    sink = new_sink(mongo.uri)
    mongo.fail("insert", writeConcernError={"code": 64, "errmsg": "waiting for replication timed out"})
    assert await deliver(sink, records(50)) == (Delivery(50), 0)
    await sink.close()
    assert len(stored(mongo)) == 50
    (line,) = caplog.records
    assert line.getMessage() == "MongoDB has written, but not as the write concern asks for (code 64), told once"


async def test_an_answer_that_is_lost(mongo: Mongo, new_sink: NewSink) -> None:
    """The documents are known by their ids when they are sent again."""
    with TcpRelay(mongo.port) as relay:
        sink = new_sink(f"mongodb://127.0.0.1:{relay.port}/?{QUICK}")
        await sink.start()
        batch = records(50)
        relay.silence()
        with pytest.raises(SinkUnavailableError):
            await sink.write(batch)
        await soon(lambda: len(stored(mongo)) == 50)
        relay.silence(is_silent=False)
        assert (await deliver(sink, batch))[0] == Delivery(50)
        await sink.close()
    assert len(stored(mongo)) == 50


async def test_the_same_record_in_two_batches(mongo: Mongo, new_sink: NewSink) -> None:
    """Is two documents: only a batch that is sent again is known."""
    sink = new_sink(mongo.uri)
    assert await sink.write((record(),)) == Delivery(1)
    assert await sink.write((record(),)) == Delivery(1)
    await sink.close()
    assert len(stored(mongo)) == 2


async def test_unacknowledged(mongo: Mongo, new_sink: NewSink) -> None:
    """With w=0 in the URI nobody waits for an answer; indexes are made all the same."""
    sink = new_sink(f"{mongo.uri}?w=0")
    await sink.start()
    assert await sink.write(records(50)) == Delivery(50)
    await sink.close()
    await soon(lambda: len(stored(mongo)) == 50)
    assert set(indexes(mongo)) == HABIT


async def test_down_and_back_again(tmp_path: Path, new_sink: NewSink) -> None:
    """At the start, and later; the batch that waited is there once."""
    mongo = Mongo(tmp_path)
    sink = new_sink(f"{mongo.uri}?{QUICK}", 7)
    with pytest.raises(SinkUnavailableError, match="Connection refused"):
        await sink.start()
    with mongo:
        await sink.start()
        assert await sink.write(records(10)) == Delivery(10)
        mongo.stop()
        batch = records(20)
        for _ in range(2):
            with pytest.raises(SinkUnavailableError):
                await sink.write(batch)
            with pytest.raises(SinkUnavailableError):
                await sink.start()
        mongo.start()
        await sink.start()
        assert await sink.write(batch) == Delivery(20)
        assert len(stored(mongo)) == 30
        assert set(indexes(mongo)) == {*HABIT, "created_1"}
        await sink.close()


async def test_a_server_that_hangs(mongo: Mongo, new_sink: NewSink) -> None:
    """Every wait has an end, also that for the end."""
    sink = new_sink(f"{mongo.uri}?{QUICK}")
    await sink.start()
    batch = records(10)
    with mongo.paused():
        began = time.monotonic()
        with pytest.raises(SinkUnavailableError):
            await sink.write(batch)
        wrote = time.monotonic()
        await sink.close()
        assert wrote - began < PATIENCE_SECONDS
        assert time.monotonic() - wrote < PATIENCE_SECONDS
    sink = new_sink(mongo.uri)
    assert await sink.write(batch) == Delivery(10)
    await sink.close()


async def test_a_cancelled_write(mongo: Mongo, new_sink: NewSink) -> None:
    """What was under way may have been stored: it is not stored again."""
    with TcpRelay(mongo.port) as relay:
        sink = new_sink(f"mongodb://127.0.0.1:{relay.port}/?{QUICK}")
        await sink.start()
        relay.silence()
        batch = records(10)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await sink.write(batch)
        relay.silence(is_silent=False)
        assert (await deliver(sink, batch))[0] == Delivery(10)
        await sink.close()
    assert len(stored(mongo)) == 10


async def test_closing_ends_everything(mongo: Mongo, new_sink: NewSink) -> None:
    """It may be closed before it was started, and twice."""
    with TcpRelay(mongo.port) as relay:
        sink = new_sink(f"mongodb://127.0.0.1:{relay.port}/")
        await sink.close()
        await sink.start()
        assert relay.connections > 0
        await sink.close()
        await sink.close()
        await soon(lambda: relay.connections == 0)


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Mongo, Path]]:
    """Run one that wants a password, and speaks TLS with a certificate of an authority of its own."""
    folder = tmp_path_factory.mktemp("guarded")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    certificate = authority.issue_cert("127.0.0.1")
    certificate.private_key_pem.write_to_path(str(folder / "key.pem"))
    for number, blob in enumerate(certificate.cert_chain_pems):
        blob.write_to_path(str(folder / "cert.pem"), append=number > 0)
    with Mongo(folder) as mongo:
        mongo.client.admin.command("createUser", USER, pwd=PASSWORD, roles=["root"])
        options = {"tls": True, "tlsCAFile": str(folder / "ca.pem"), "username": USER, "password": PASSWORD}
        files = ("--tls-cert-file", str(folder / "cert.pem"), "--tls-key-file", str(folder / "key.pem"))
        mongo.restart("--auth", *files, client_options=options)
        yield mongo, folder / "ca.pem"


def guarded_uri(guarded: tuple[Mongo, Path], password: str = PASSWORD, *, has_authority: bool = True) -> str:
    """Where it is, and who asks."""
    mongo, authority = guarded
    trust = f"&tlsCAFile={authority}" if has_authority else ""
    return f"mongodb://{USER}:{quote_plus(password)}@127.0.0.1:{mongo.port}/?authSource=admin&tls=true&{QUICK}{trust}"


async def test_with_a_password_over_tls(guarded: tuple[Mongo, Path], new_sink: NewSink) -> None:
    """The options of the URI are the driver's."""
    sink = new_sink(guarded_uri(guarded))
    await sink.start()
    assert await sink.write(records(10)) == Delivery(10)
    await sink.close()
    assert len(stored(guarded[0])) == 10


SECRET = "se cr/et:Pass@word"


async def test_a_wrong_password(
    guarded: tuple[Mongo, Path], caplog: pytest.LogCaptureFixture, new_sink: NewSink
) -> None:
    """Is told of without being told."""
    sink = new_sink(guarded_uri(guarded, SECRET))
    caplog.set_level(logging.DEBUG, "ops")
    for work in (sink.start(), sink.write(records(3))):
        with pytest.raises(SinkUnavailableError, match=r"authentication failed|AuthenticationFailed") as caught:
            await work
        assert caught.value.__cause__ is None
        assert caught.value.__suppress_context__
    await sink.close()
    assert not any(secret in caplog.text + repr(sink) for secret in (SECRET, quote_plus(SECRET)))


async def test_a_certificate_of_a_stranger(guarded: tuple[Mongo, Path], new_sink: NewSink) -> None:
    """Is not believed."""
    sink = new_sink(guarded_uri(guarded, has_authority=False))
    with pytest.raises(SinkUnavailableError, match="certificate verify failed") as caught:
        await sink.start()
    await sink.close()
    assert PASSWORD not in str(caught.value)


UNUSABLE = {
    "port": f"mongodb://{USER}:{quote_plus(SECRET)}@host:port/",
    "password-not-escaped": f"mongodb://{USER}:{SECRET}@host/",
    "host-missing": f"mongodb://{USER}:{quote_plus(SECRET)}@/",
    "options-at-odds": f"mongodb://{USER}:{quote_plus(SECRET)}@host/?tlsInsecure=true&tlsAllowInvalidHostnames=true",
}


@pytest.mark.parametrize("uri", UNUSABLE.values(), ids=UNUSABLE)
async def test_a_uri_that_cannot_be_used(uri: str, new_sink: NewSink) -> None:
    """Says what is wrong with it, but not what is in it."""
    with pytest.raises(SinkUnavailableError, match="the URI of MongoDB cannot be used: ") as caught:
        await new_sink(uri).start()
    assert not any(part in str(caught.value) for part in (SECRET, quote_plus(SECRET), "cr/et"))
    assert caught.value.__suppress_context__
