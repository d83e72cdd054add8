"""A Sanic application that answers out of a dict: `floor_app.py PORT FOLDER`."""

import sys
from pathlib import Path

from sanic import HTTPResponse, NotFound, Request, Sanic

_HEADERS = {"cache-control": "public, max-age=86400", "etag": '"floor"', "accept-ranges": "bytes"}
_LARGEST = 2 * 1024 * 1024


def main(port: int, folder: Path) -> None:
    """Serve what is in the folder when it is first asked for."""
    app = Sanic("floor", configure_logging=False)
    bodies: dict[str, bytes] = {}

    async def serve(_: Request, path: str) -> HTTPResponse:
        body = bodies.get(path)
        if body is None:
            body = bodies[path] = read(folder / path)
        return HTTPResponse(body, headers=_HEADERS, content_type="text/html; charset=utf-8")

    app.add_route(serve, "/<path:path>")
    app.run("127.0.0.1", port, single_process=True, access_log=False, motd=False, backlog=4096)


def read(file: Path) -> bytes:
    """A small file; raises NotFound for anything else."""
    if not file.is_file() or file.stat().st_size > _LARGEST:
        raise NotFound
    return file.read_bytes()


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
