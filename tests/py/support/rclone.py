"""rclone's S3 server, the second opinion on what a store may do."""

from support.http_client import request
from support.process import Process
from support.programs import clean_environment, find_program
from support.quirks import Quirks
from support.s3_store import S3Store


class Rclone(S3Store):
    """`rclone serve s3` over a folder: an object is a file.

    As AWS: 403 for a wrong secret and an unknown key, 404, 304 (a list too), 416, ETags of plain objects.

    Not as AWS does it:

    - A range is a **200** with Content-Range and the part; several ranges are a 501, other units than bytes a 416.
    - If-Match, If-Unmodified-Since and `If-None-Match: *` are ignored. An unsigned request is a 400.
    - `a//b` and a slash in front are a 400 on PUT and GET, as are `.` and `..` as a segment.
    - A slash at the end is cut off: GET of `a/` is the object `a`; a folder is a 404.
    - With `a` an object, PUT of `a/b` is a 500; with `a/b` an object, PUT of `a` is a 500 **and loses `a/b`**.
    - Expires is dropped. Other headers live in memory: after `stop` and `start` an object has its body, its ETag,
      Last-Modified and a Content-Type guessed from the extension.
    - Content-Type is guessed from the extension when none is put, else application/octet-stream.
    - The ETag of a multipart upload is the plain MD5 of the whole.
    - Control characters come back from a listing as Unicode pictures of them, and are stored as such.
    - An access key of two characters is not accepted.
    """

    name = "rclone"
    quirks = Quirks(
        keeps_double_slash=False,
        keeps_slash_at_end=False,
        keeps_object_beside_folder=False,
        keeps_control_characters=False,
        keeps_expires=False,
        keeps_redirect_location=True,
        keeps_metadata_when_stopped=False,
        honours_if_match=False,
        has_multipart_etags=False,
        range_status=200,
        unsigned_status=400,
        untyped="application/octet-stream",
    )

    def _launch(self) -> Process:
        (self.folder / "data").mkdir(exist_ok=True)
        argv = [find_program("rclone"), "--config", "/dev/null", "serve", "s3", "data"]
        argv += ["--addr", f"127.0.0.1:{self.ports[0]}", "--auth-key", f"{self.access_key},{self.secret_key}"]
        return Process(argv, log=self.folder / "rclone.log", env=clean_environment(self.folder), cwd=self.folder)

    def _is_ready(self) -> bool:
        try:
            request(self.ports[0], "GET", "/", timeout=1)  # it has no health check: any answer will do
        except OSError:
            return False
        return True

    def _prepare(self) -> None:
        # A bucket is a folder in the root.
        (self.folder / "data" / self.bucket).mkdir(exist_ok=True)
