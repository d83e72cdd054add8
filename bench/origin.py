"""What stands behind the servers: a private bucket for ours, the same files over HTTP for those that cannot sign.

One nginx with one process does both, on the load's core: it serves the files, and passes requests to the bucket on,
writing a line for each. So the calls to S3 are counted at little cost and exactly.
"""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Self

from support.endpoint import Endpoint
from support.http_client import request
from support.ports import free_ports
from support.process import Process
from support.programs import clean_environment, find_program
from support.seaweedfs import SeaweedFS

from bench import site
from bench.site import CACHE_CONTROL, Object

_START_SECONDS = 60.0

_CONFIGURATION = """
daemon off;
master_process off;
pid nginx.pid;
error_log stderr warn;
events {{ worker_connections 8192; }}
http {{
    client_body_temp_path temporary; proxy_temp_path temporary; fastcgi_temp_path temporary;
    uwsgi_temp_path temporary; scgi_temp_path temporary;
    log_format line '$request_method $request_uri $status';
    types {{ text/html html; }}
    default_type application/octet-stream;
    sendfile on; tcp_nopush on; tcp_nodelay on; keepalive_requests 1000000000;
    upstream bucket {{ server {store}; keepalive 512; keepalive_requests 1000000000; }}
    server {{
        listen 127.0.0.1:{relay_port} backlog=4096;
        access_log s3.log line;
        client_max_body_size 0;
        location / {{
            proxy_pass http://bucket;  # the target stays as it was signed, and so does Host
            proxy_http_version 1.1;
            proxy_set_header Host $http_host;
            proxy_set_header Connection "";
            proxy_max_temp_file_size 0;
        }}
    }}
    server {{
        listen 127.0.0.1:{static_port} backlog=4096;
        access_log static.log line;
        root site;
        charset utf-8;
        gzip_static on; gzip_vary on;
        add_header Cache-Control "{cache_control}";
    }}
}}
"""


class Origin:
    """Bucket and static origin with the same objects; a context manager that runs them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "origin"
        self.files = self.folder / "site"
        self.files.mkdir(parents=True)
        (self.folder / "temporary").mkdir()
        store = folder / "store"
        store.mkdir()
        self._store = SeaweedFS(store)
        self._relay_port, self.static_port = free_ports(2)
        self._process: Process | None = None
        self._held: set[Object] = set()

    def __enter__(self) -> Self:
        self._store.start()
        text = _CONFIGURATION.format(
            store=self._store.endpoint_url.removeprefix("http://"),
            relay_port=self._relay_port,
            static_port=self.static_port,
            cache_control=CACHE_CONTROL,
        )
        (self.folder / "nginx.conf").write_text(text)
        self._process = Process(
            [find_program("nginx"), "-p", str(self.folder), "-c", str(self.folder / "nginx.conf")],
            log=self.folder / "nginx.log",
            env=clean_environment(self.folder),
            cwd=self.folder,
        )
        self._process.wait_until(self._is_ready, _START_SECONDS)
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.kill()
        self._store.stop()
        self._store.client.close()

    @property
    def endpoint(self) -> Endpoint:
        """The bucket, asked through the place where requests are counted."""
        return self._store.endpoint.at(f"http://127.0.0.1:{self._relay_port}")

    def hold(self, objects: Iterable[Object]) -> None:
        """Have these objects, both as bucket and as files."""
        new = [item for item in objects if item not in self._held]
        site.upload(self._store, new)
        site.write(self.files, new)
        self._held.update(new)

    def requests(self) -> int:
        """How many requests came so far, to the bucket and for files."""
        return sum((self.folder / log).read_text().count("\n") for log in ("s3.log", "static.log"))

    def s3_calls(self) -> Counter[str]:
        """How many calls came so far to the bucket, by key."""
        bucket = f"/{self._store.endpoint.bucket}/"
        lines = (self.folder / "s3.log").read_text().splitlines()
        return Counter(line.split()[1].removeprefix(bucket) for line in lines)

    def _is_ready(self) -> bool:
        try:
            return request(self.static_port, "GET", "/", timeout=1).status > 0
        except OSError:
            return False
