"""SeaweedFS, the store that is closest to AWS."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from support.http_client import request
from support.process import Process
from support.programs import clean_environment, find_program
from support.quirks import Quirks
from support.s3_client import read
from support.s3_store import S3Store

if TYPE_CHECKING:
    from support.endpoint import Endpoint

_GRPC_OFFSET = 10_000
_PROBE = "probe-of-the-start"


class SeaweedFS(S3Store):
    r"""A SeaweedFS with all its parts in one process; its second identity, `reader`, may get but not list or put.

    Faithful to AWS: 403 for a wrong secret, an unknown key and an unsigned request; 206, 304, 412, 416; ETags, also
    those of multipart uploads; a list in If-None-Match and `*`; all headers of an object but the redirect location.

    Not as AWS does it:

    - The key's path is a path: `//`, a backslash and a slash in front are folded (`a//b`, `a\b` and `a/b` are one
      object), `.` and `..` as a segment and NUL are a 400, a segment over 255 bytes is a 400.
    - `a/` is a 200 with an empty body, `application/x-directory` and an ETag that ends in `-0`, when any `a/b` exists
      or did; the body put to `a/` is dropped. If `a` is an object, GET of `a/` breaks off after its head.
    - The reader gets 404 for a missing key, where AWS says 403 to who may not list.
    - Content-Type is sniffed from the body when none is put (`text/plain; charset=utf-8`, `text/html; charset=utf-8`,
      `application/octet-stream`), never taken from the key's extension.
    - HEAD with a Range is a 200. Several ranges, or a unit that is not bytes, are a 200 with the whole body, as at AWS.
    - A weak validator in If-None-Match never matches. Answers carry `Vary: Origin` and `Seaweed-X-Amz-*` fields.
    """

    name = "seaweedfs"
    quirks = Quirks(
        keeps_double_slash=False,
        keeps_slash_at_end=False,
        keeps_object_beside_folder=True,
        keeps_control_characters=True,
        keeps_expires=True,
        keeps_redirect_location=False,
        keeps_metadata_when_stopped=True,
        honours_if_match=True,
        has_multipart_etags=True,
        range_status=206,
        unsigned_status=403,
        untyped="text/plain; charset=utf-8",
    )
    offset_of_second_port = _GRPC_OFFSET
    _count_of_ports = 5

    reader_key = "test-reader"
    reader_secret = "test-reader-secret"

    @property
    def reader(self) -> "Endpoint":
        """The bucket, asked by the identity that may not list."""
        return self.endpoint.as_identity(self.reader_key, self.reader_secret)

    def stop(self) -> None:
        """Kill it, which its data survive: asked with SIGTERM it takes half a minute."""
        super().stop()
        self._remove_sockets()

    def _launch(self) -> Process:
        (self.folder / "data").mkdir(exist_ok=True)
        (self.folder / "s3.json").write_text(json.dumps({"identities": self._identities()}))
        # A memory limit close to what it needs makes it collect garbage all the time: 150 MiB cost 8 % of a core.
        environment = clean_environment(self.folder) | {"GOMEMLIMIT": "256MiB"}
        return Process(
            [find_program("weed"), "mini", *self._options()],
            log=self.folder / "weed.log",
            env=environment,
            cwd=self.folder,
        )

    def _options(self) -> list[str]:
        s3, master, volume, filer, admin = self.ports
        return [
            "-dir=data",
            "-s3.config=s3.json",
            "-filer.localSocket=filer.sock",  # relative: the path of a socket must be short
            "-s3.localSocket=s3.sock",
            "-ip=127.0.0.1",
            "-ip.bind=127.0.0.1",
            f"-s3.port={s3}",
            f"-master.port={master}",
            f"-volume.port={volume}",
            f"-filer.port={filer}",
            f"-admin.port={admin}",
            "-master.telemetry=false",
            "-s3.autoCreateBucket=false",
            "-s3.port.iceberg=0",
            "-s3.port.lance=0",
            "-s3.iam=false",
            "-webdav=false",
            "-admin.ui=false",
        ]

    def _identities(self) -> list[dict[str, object]]:
        administrator = {"accessKey": self.access_key, "secretKey": self.secret_key}
        reader = {"accessKey": self.reader_key, "secretKey": self.reader_secret}
        everything = ["Admin", "Read", "List", "Tagging", "Write"]
        return [
            {"name": "admin", "credentials": [administrator], "actions": everything},
            {"name": "reader", "credentials": [reader], "actions": ["Read"]},
        ]

    def _is_ready(self) -> bool:
        try:
            return request(self.ports[0], "GET", "/healthz", timeout=1).status == 200
        except OSError:
            return False

    def _prepare(self) -> None:
        # Its own option -bucket makes the bucket 0.7 s after it says that it is healthy.
        names = [bucket["Name"] for bucket in self.client.list_buckets()["Buckets"]]
        if self.bucket not in names:
            self.client.create_bucket(Bucket=self.bucket)
        # Healthy, it may not have heard of its own volumes yet, so that what lies there is a 500 for a while.
        self.process.wait_until(self._is_storing)

    def _is_storing(self) -> bool:
        try:
            self.put(_PROBE, b"is it there?")
            is_there = read(self.client, _PROBE) == b"is it there?"
            self.delete(_PROBE)
        except (BotoCoreError, ClientError):
            return False
        return is_there

    def _remove_sockets(self) -> None:
        # It leaves one for each of its gRPC ports, at a place that no option changes.
        for port in self.ports:
            for left in Path("/tmp").glob(f"seaweedfs-*-grpc-{port + _GRPC_OFFSET}.sock"):  # noqa: S108 - see above
                left.unlink(missing_ok=True)
