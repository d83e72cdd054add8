"""A real S3 store that a test may fill, stop, start and freeze."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar, Self, TypeAlias

from support.endpoint import Endpoint
from support.ports import free_ports
from support.process import Process
from support.quirks import Quirks
from support.s3_client import BUCKET, s3_client

Header: TypeAlias = str | datetime | Mapping[str, str]

_START_SECONDS = 60.0


class S3Store(ABC):
    """One store with one bucket, in one folder and on one port for its whole life; a context manager that runs it.

    `folder` must exist; data, log and temporary files go there.
    """

    name: ClassVar[str]
    quirks: ClassVar[Quirks]
    offset_of_second_port: ClassVar[int] = 0

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ports = free_ports(self._count_of_ports, with_offset=self.offset_of_second_port)
        self.endpoint = Endpoint(
            url=f"http://127.0.0.1:{self.ports[0]}",
            bucket=BUCKET,
            access_key="test-admin",
            secret_key="test-admin-secret",
        )
        self._process: Process | None = None
        self.client: Any = s3_client(self.endpoint)
        """A synchronous botocore client of the administrator."""

    _count_of_ports: ClassVar[int] = 1

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self.client.close()

    @property
    def endpoint_url(self) -> str:
        """Where it answers, without a slash at the end."""
        return self.endpoint.url

    @property
    def bucket(self) -> str:
        """The name of its bucket."""
        return self.endpoint.bucket

    @property
    def access_key(self) -> str:
        """The administrator's access key."""
        return self.endpoint.access_key

    @property
    def secret_key(self) -> str:
        """The administrator's secret key."""
        return self.endpoint.secret_key

    @property
    def process(self) -> Process:
        """The running store; raises RuntimeError when it is stopped."""
        if self._process is None:
            raise RuntimeError(f"{self.name} is stopped")
        return self._process

    def start(self) -> None:
        """Run it (anew, if it runs), and return when it answers; raises ProcessFailedError when it does not."""
        self.stop()
        self._process = self._launch()
        try:
            self._process.wait_until(self._is_ready, _START_SECONDS)
            self._prepare()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Kill it, so that connections to it are refused. Objects survive; see `Quirks.keeps_metadata_when_stopped`."""
        if self._process is not None:
            self._process.kill()
            self._process = None

    def pause(self) -> None:
        """Freeze it: connections are made and requests taken by the kernel, and nothing is answered."""
        self.process.pause()

    def resume(self) -> None:
        """Let it answer again."""
        self.process.resume()

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Make an outage: stopped inside the block, running after it."""
        self.stop()
        try:
            yield
        finally:
            self.start()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Make a hang: frozen inside the block, answering after it."""
        self.pause()
        try:
            yield
        finally:
            self.resume()

    def put(self, key: str, body: bytes, **headers: Header) -> str:
        """Put an object and return its ETag with its quotes.

        Headers are named as in `content_type="text/css"`, `expires=datetime(...)`, `metadata={"a": "b"}`.
        """
        fields = {name.title().replace("_", ""): value for name, value in headers.items()}
        answer = self.client.put_object(Bucket=self.bucket, Key=key, Body=body, **fields)
        return str(answer["ETag"])

    def delete(self, key: str) -> None:
        """Delete an object; a missing one is no error."""
        self.client.delete_object(Bucket=self.bucket, Key=key)

    def keys(self, prefix: str = "") -> list[str]:
        """List all keys below `prefix`, as the store lists them."""
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
        return [entry["Key"] for page in pages for entry in page.get("Contents", [])]

    @abstractmethod
    def _launch(self) -> Process: ...

    @abstractmethod
    def _is_ready(self) -> bool: ...

    @abstractmethod
    def _prepare(self) -> None:
        """Do what is left to do once it answers."""
