"""Who may import whom: the rules of the design, read from the source of `sidecar/` and `ops/`.

Imports count wherever they stand: at the top, inside a function, or for the type checker only.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
FILES = sorted(file.relative_to(ROOT).as_posix() for name in ("sidecar", "ops") for file in (ROOT / name).rglob("*.py"))

# Module or package → what of ours it may import. The longest name that fits counts; what has no row of its own has
# that of its package, and a new module beside `sidecar/app.py` may import nothing of ours until it gets one.
OF_OURS: dict[str, tuple[str, ...]] = {
    "sidecar": (),
    "sidecar.settings": (
        "sidecar.cpus",
        "sidecar.errors",
        "sidecar.http.header_rules",
        "sidecar.memory",
        "sidecar.origin.website_configuration",
        "sidecar.secret",
        "sidecar.settings",
    ),
    "sidecar.shared": (
        "sidecar.cache.epoch",
        "sidecar.cache.purge",
        "sidecar.cache.release",
        "sidecar.store.ledger",
    ),
    "sidecar.observe": ("sidecar.http.cache_status", "sidecar.http.client_address", "sidecar.trace"),
    "sidecar.trace": ("sidecar.http.trace_context", "sidecar.observe"),
    "sidecar.tracing": (
        "sidecar.http.trace_context",
        "sidecar.log.masking",
        "sidecar.observe",
        "sidecar.span_attributes",
        "sidecar.trace",
        "sidecar.version",
    ),
    "sidecar.span_attributes": ("sidecar.observe",),
    "sidecar.audience": (
        "sidecar.clock",
        "sidecar.log",
        "sidecar.observe",
        "sidecar.request_log",
        "sidecar.settings",
        "sidecar.trace",
        "sidecar.tracing",
    ),
    "sidecar.log": ("sidecar.clock", "sidecar.http.trace_context", "sidecar.log", "sidecar.observe", "sidecar.secret"),
    "sidecar.options": ("sidecar.settings", "sidecar.version"),
    "sidecar.bounds": ("sidecar.cache", "sidecar.http", "sidecar.settings"),
    "sidecar.management": (
        "sidecar.cache",
        "sidecar.errors",
        "sidecar.http.target",
        "sidecar.server.site",
        "sidecar.tasks",
    ),
    "sidecar.preparing": ("sidecar.settings", "sidecar.store"),
    "sidecar.request_log": ("sidecar.observe",),
    "sidecar.acceptance": ("sidecar.errors", "sidecar.origin", "sidecar.settings", "sidecar.store.room"),
    "sidecar.vitals": ("sidecar.cache", "sidecar.observe", "sidecar.origin", "sidecar.store.room"),
    "sidecar.http": ("sidecar.http",),
    "sidecar.cache": (
        "sidecar.http",
        "sidecar.cache",
        "sidecar.errors",
        "sidecar.clock",
        "sidecar.observe",
        "sidecar.tasks",
    ),
    "sidecar.store": (
        "sidecar.http",
        "sidecar.cache",
        "sidecar.store",
        "sidecar.errors",
        "sidecar.ownership",
        "sidecar.clock",
        "sidecar.tasks",
        "sidecar.settings",
    ),
    "sidecar.origin": (
        "sidecar.http",
        "sidecar.cache",
        "sidecar.origin",
        "sidecar.errors",
        "sidecar.clock",
        "sidecar.observe",
        "sidecar.tasks",
        "sidecar.trace",
        "sidecar.settings",
    ),
    "sidecar.server": (
        "sidecar.http",
        "sidecar.cache",
        "sidecar.server",
        "sidecar.origin.steps",
        "sidecar.origin.website",
        "sidecar.errors",
        "sidecar.ownership",
        "sidecar.clock",
        "sidecar.tasks",
        "sidecar.observe",
        "sidecar.log",
        "sidecar.settings",
        "sidecar.trace",
    ),
    "sidecar.folders": ("sidecar.errors", "sidecar.server.logs", "sidecar.settings", "sidecar.store.paths"),
    "sidecar.app": ("sidecar", "ops"),
    "sidecar.worker": ("sidecar", "ops"),
    "sidecar.__main__": (
        "sidecar.app",
        "sidecar.errors",
        "sidecar.options",
        "sidecar.server.lifecycle",
        "sidecar.settings",
    ),
    "ops.cli": ("ops.cli", "sidecar.errors", "sidecar.settings"),
    "ops": ("ops", "sidecar.clock", "sidecar.errors", "sidecar.observe", "sidecar.settings", "sidecar.tasks"),
}

# Third-party library → where it may be imported: a file, or a folder with a slash at its end.
OF_OTHERS: dict[str, tuple[str, ...]] = {
    "aiobotocore": (
        "sidecar/origin/s3.py",
        "sidecar/origin/s3_bucket.py",
        "sidecar/origin/s3_get.py",
        "sidecar/origin/s3_route.py",
    ),
    "aiocache": ("sidecar/store/metadata.py",),
    "aiohttp": ("sidecar/origin/s3_errors.py", "ops/listener.py", "ops/geo/server.py"),
    "brotli": ("sidecar/store/codecs.py",),
    "bson": ("ops/sinks/mongo.py",),
    "botocore": ("sidecar/origin/s3_errors.py", "sidecar/origin/s3_get.py", "sidecar/origin/s3_route.py"),
    "click": ("ops/cli/commands/completion.py", "ops/cli/options.py"),
    "httptools": ("sidecar/server/head.py",),
    "inotify_simple": ("sidecar/store/watch.py",),
    "maxminddb": ("ops/geo/database.py",),
    "motor": ("ops/sinks/mongo.py",),
    "opentelemetry": ("sidecar/tracing.py",),
    "prometheus_client": ("ops/metrics/", "ops/cli/exposition.py"),
    "pymongo": ("ops/sinks/mongo.py",),
    "rich": ("ops/cli/", "sidecar/server/logs.py"),
    "rich_click": ("ops/cli/", "sidecar/options.py"),
    "sanic": ("sidecar/server/", "sidecar/app.py", "ops/blueprint.py", "ops/endpoints.py", "ops/problem.py"),
    "tenacity": ("sidecar/origin/s3.py", "ops/geo/server.py", "ops/outage.py", "ops/recording/writer.py"),
    "types_aiobotocore_s3": ("sidecar/origin/s3.py", "sidecar/origin/s3_get.py"),
    "zstandard": ("sidecar/store/codecs.py",),
}

# What has one home, because tests and operators must be able to take it in hand.
USES: dict[str, tuple[str, ...]] = {
    "time.time": ("sidecar/clock.py",),
    "time.time_ns": ("sidecar/clock.py",),
    "datetime.datetime.now": ("sidecar/clock.py",),
    "datetime.datetime.utcnow": ("sidecar/clock.py",),
    "os.environ": ("sidecar/settings/load.py",),
    "os.environb": ("sidecar/settings/load.py",),
    "os.getenv": ("sidecar/settings/load.py",),
    "asyncio.create_task": (),
    "asyncio.ensure_future": (),
    "importlib.import_module": (),
}
TASK_MAKERS = ("sidecar/tasks.py",)

VIOLATIONS = {
    "http-imports-cache": ("sidecar/http/dates.py", "from sidecar.cache.key import CacheKey", "sidecar.cache.key"),
    "http-imports-a-library": ("sidecar/http/dates.py", "import aiohttp", "aiohttp"),
    "cache-imports-server": ("sidecar/cache/engine.py", "import sidecar.server.logs", "sidecar.server.logs"),
    "cache-imports-store": ("sidecar/cache/engine.py", "from sidecar.store import paths", "sidecar.store.paths"),
    "cache-imports-origin": ("sidecar/cache/engine.py", "from sidecar import origin", "sidecar.origin"),
    "cache-imports-settings": ("sidecar/cache/engine.py", "from sidecar.settings import Settings", "sidecar.settings"),
    "store-imports-origin": ("sidecar/store/bodies.py", "import sidecar.origin.s3", "sidecar.origin.s3"),
    "origin-imports-store": ("sidecar/origin/s3.py", "import sidecar.store.paths", "sidecar.store.paths"),
    "server-imports-the-bucket": ("sidecar/server/logs.py", "from sidecar.origin.s3 import S3Origin", "sidecar.origin"),
    "server-imports-ops": ("sidecar/server/logs.py", "from ops.auth import Access", "ops.auth"),
    "main-imports-ops": ("sidecar/__main__.py", "import ops.auth", "ops.auth"),
    "tool-imports-sanic": ("ops/cli/client.py", "import sanic", "sanic"),
    "tool-imports-what-imports-sanic": ("ops/cli/client.py", "from ops.blueprint import PREFIX", "ops.blueprint"),
    "tool-imports-the-server": ("ops/cli/client.py", "import sidecar.server.logs", "sidecar.server.logs"),
    "ops-imports-cache": ("ops/blueprint.py", "from sidecar.cache.engine import Engine", "sidecar.cache.engine"),
    "ops-imports-secret": ("ops/auth.py", "from sidecar.secret import Secret", "sidecar.secret"),
    "new-module-without-a-row": ("sidecar/extra.py", "import sidecar.errors", "sidecar.errors"),
    "name-that-begins-alike": ("sidecar/http/dates.py", "import sidecar.http2", "sidecar.http2"),
    "relative": ("sidecar/http/dates.py", "from . import fields", "relative"),
    "for-the-type-checker-only": (
        "sidecar/cache/engine.py",
        "if TYPE_CHECKING:\n    from sidecar.store.paths import body_name",
        "sidecar.store.paths",
    ),
    "inside-a-function": ("sidecar/http/dates.py", "def f():\n    import sidecar.clock", "sidecar.clock"),
    "second-importer": ("sidecar/origin/website.py", "from botocore import exceptions", "botocore"),
    "submodule-of-a-library": ("sidecar/store/bodies.py", "import rich.console", "rich"),
    "mongo-in-another-sink": ("ops/sinks/akumuli.py", "from bson import ObjectId", "bson"),
    "library-without-a-row": ("sidecar/origin/s3.py", "import requests", "requests"),
    "sanic-below-the-server": ("sidecar/cache/engine.py", "from sanic import Request", "sanic"),
    "time": ("sidecar/cache/engine.py", "import time\nnow = time.time()", "time.time"),
    "time-under-another-name": ("sidecar/cache/engine.py", "import time as t\nnow = t.time()", "time.time"),
    "time-by-itself": ("sidecar/cache/engine.py", "from time import time", "time.time"),
    "date": ("ops/auth.py", "from datetime import datetime\nnow = datetime.now()", "datetime.datetime.now"),
    "environment": ("sidecar/origin/s3.py", "import os\nregion = os.environ['AWS_REGION']", "os.environ"),
    "environment-by-itself": ("sidecar/origin/s3.py", "from os import getenv as look", "os.getenv"),
    "task": ("sidecar/cache/fill.py", "import asyncio\nasyncio.create_task(work())", "create_task"),
    "task-of-a-loop": ("sidecar/cache/fill.py", "asyncio.get_running_loop().create_task(work())", "create_task"),
    "import-by-name": ("sidecar/cache/fill.py", "import importlib\nimportlib.import_module(name)", "import_module"),
}

ALLOWED = {
    "http-imports-http": ("sidecar/http/dates.py", "from sidecar.http import fields"),
    "standard-library": ("sidecar/http/dates.py", "import email.utils, asyncio.tasks"),
    "app-imports-everything": ("sidecar/app.py", "import ops.auth, sidecar.origin.s3, sanic"),
    "sanic-in-the-server": ("sidecar/server/handlers.py", "from sanic.exceptions import NotFound"),
    "rich-in-the-tool": ("ops/cli/render.py", "from rich.console import Console"),
    "monotonic-time": ("sidecar/cache/engine.py", "import time\nnow = time.monotonic()"),
    "clock": ("sidecar/clock.py", "import time\nnow = time.time()"),
    "settings": ("sidecar/settings/load.py", "import os\nenviron = os.environ"),
    "tasks": ("sidecar/tasks.py", "loop.create_task(work())"),
    "another-thing-called-time": ("sidecar/cache/engine.py", "loop.time()"),
}


def violations(path: str, source: str) -> list[str]:
    """Every breach of the rules in a file, given its path from the root and its text."""
    tree = ast.parse(source)
    found = [*_forbidden_imports(path, tree), *_forbidden_uses(path, tree)]
    return [f"{path}:{line}: {what}" for line, what in found]


def _forbidden_imports(path: str, tree: ast.Module) -> Iterator[tuple[int, str]]:
    for line, name in _imports(tree):
        if name.startswith("."):
            yield line, "a relative import"
        elif not _may_import(path, name):
            yield line, f"may not import {name}"


def _imports(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and full name of everything imported: `from a import b` imports `a.b`, whether b is a module or not."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            yield from ((node.lineno, f"{module}.{alias.name}") for alias in node.names)


def _may_import(path: str, name: str) -> bool:
    library = name.partition(".")[0]
    if library in {"sidecar", "ops"}:
        return any(_is_within(name, allowed) for allowed in OF_OURS[_row_of(path)])
    return library in sys.stdlib_module_names or _is_at_home(path, OF_OTHERS.get(library, ()))


def _row_of(path: str) -> str:
    module = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    return max((row for row in OF_OURS if _is_within(module, row)), key=len)


def _is_within(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def _is_at_home(path: str, homes: tuple[str, ...]) -> bool:
    return any(path == home or (home.endswith("/") and path.startswith(home)) for home in homes)


def _forbidden_uses(path: str, tree: ast.Module) -> Iterator[tuple[int, str]]:
    for line, name in [*_imports(tree), *_attributes(tree)]:
        if name in USES and not _is_at_home(path, USES[name]):
            yield line, f"may not use {name}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr == "create_task" and not _is_at_home(path, TASK_MAKERS):
            yield node.lineno, "may not use create_task"


def _attributes(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and full name of every attribute of something imported, by whatever name it goes in the file."""
    names = dict(_names(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            root, _, rest = ast.unparse(node).partition(".")
            yield node.lineno, f"{names.get(root, root)}.{rest}"


def _names(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.asname, alias.name) for alias in node.names if alias.asname)
        elif isinstance(node, ast.ImportFrom):
            yield from ((alias.asname or alias.name, f"{node.module}.{alias.name}") for alias in node.names)


@pytest.mark.parametrize("path", FILES)
def test_imports(path: str) -> None:
    """The file imports and uses only what the design lets it."""
    assert violations(path, (ROOT / path).read_text()) == []


def test_every_library_has_an_importer() -> None:
    """No row of the table of libraries is left over from one that is no longer used."""
    imported = {name.partition(".")[0] for path in FILES for _, name in _imports(ast.parse((ROOT / path).read_text()))}
    assert set(OF_OTHERS) <= imported


@pytest.mark.parametrize(("path", "source", "what"), VIOLATIONS.values(), ids=VIOLATIONS)
def test_a_violation_is_caught(path: str, source: str, what: str) -> None:
    """The checker sees each kind of breach and names it."""
    assert any(what in violation for violation in violations(path, source))


@pytest.mark.parametrize(("path", "source"), ALLOWED.values(), ids=ALLOWED)
def test_what_is_allowed_passes(path: str, source: str) -> None:
    """The checker does not see breaches where there are none."""
    assert violations(path, source) == []
