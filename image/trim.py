"""Take out of the image's environment what the server never opens: run by the Dockerfile, with the folder to trim.

What goes: descriptions of AWS services that are not asked, and the documentation within those that are; test suites,
C sources and type stubs; build tools that Sanic names as a dependency; a second build of zstandard; programming
languages that nothing here highlights; the symbol tables of extension modules. Of the descriptions each worker holds
what is left in memory: trimmed, they take 6 MB there, not 15.
"""  # noqa: INP001 - a script

import gzip
import json
import os
import shutil
import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SERVICES = frozenset({"s3", "signin", "sso", "sso-oidc", "sts"})
"""The services that aiobotocore asks here: the bucket's, and those that credentials come from."""

ENDPOINTS = frozenset({"oidc", "portal.sso", "s3", "signin", "sts"})
"""What the file of all endpoints calls them."""

UNUSED_PACKAGES = (
    "_distutils_hack",
    "distutils-precedence.pth",
    "pkg_resources",
    "setuptools",
    "setuptools-*.dist-info",
)
"""Sanic requires setuptools and imports nothing of it."""

UNUSED_FILES = ("*.c", "*.h", "*.hash", "*.pxd", "*.pxi", "*.pyi", "*.pyx", "examples-1.json", "_cffi.*.so")
UNUSED_FOLDERS = frozenset({"test", "tests", "__pycache__"})
LEXERS = frozenset({"__init__.py", "_mapping.py", "python.py", "special.py"})
"""What rich needs of Pygments' languages: their list, and Python for a traceback."""

_DOCUMENTATION = frozenset({"documentation", "documentationUrl"})

_ELF_64_LITTLE_ENDIAN = b"\x7fELF\x02\x01"
_TABLES = struct.Struct("<32xQQ6xHHHHH")
"""The ELF header from its first byte: program header offset, section header offset; sizes and counts of both."""
_SEGMENT = struct.Struct("<8xQ16xQ16x")
"""A program header: where the segment begins in the file, and how many bytes it has there."""


def main() -> None:
    """Trim the environment that is named, and say what that brought."""
    (environment,) = map(Path, sys.argv[1:])
    before = size_of(environment)
    for packages in environment.glob("lib/python3*/site-packages"):
        trim(packages)
    print(f"trimmed {environment} from {before >> 20} to {size_of(environment) >> 20} MiB")  # noqa: T201 - a build log


def trim(packages: Path) -> None:
    """Remove from a folder of packages what is not needed there; raises OSError when it cannot."""
    for path in unneeded(packages):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    for library in packages.rglob("*.so*"):
        strip(library)
    trim_descriptions(packages / "botocore" / "data")


def unneeded(packages: Path) -> Iterator[Path]:
    """The files and folders that may go; none of them lies in another."""
    yield from (path for pattern in UNUSED_PACKAGES for path in packages.glob(pattern))
    for folder, names, files in os.walk(packages, topdown=True):
        here = Path(folder)
        gone = {name for name in names if name in UNUSED_FOLDERS or is_other_service(here / name)}
        names[:] = [name for name in names if name not in gone and not is_unused_package(here / name, packages)]
        yield from (here / name for name in gone)
        yield from (here / name for name in files if is_unused_file(here / name))


def is_other_service(folder: Path) -> bool:
    """Whether the folder describes a service that is not asked; what is no folder of a service is not one."""
    return folder.parent.parts[-2:] == ("botocore", "data") and folder.name not in SERVICES


def is_unused_package(path: Path, packages: Path) -> bool:
    """Whether the folder is one of a package that goes as a whole."""
    return path.parent == packages and any(path.match(pattern) for pattern in UNUSED_PACKAGES)


def is_unused_file(path: Path) -> bool:
    """Whether the file is a source, a stub, an example or a language to highlight."""
    if path.parent.parts[-2:] == ("pygments", "lexers"):
        return path.name not in LEXERS
    return any(path.match(pattern) for pattern in UNUSED_FILES)


def trim_descriptions(data: Path) -> None:
    """Shorten what botocore reads of the services that are left, and of where they are."""
    for path in data.rglob("service-2.json.gz"):
        model = json.loads(gzip.decompress(path.read_bytes()))
        model |= {part: without_documentation(model[part]) for part in ("operations", "shapes")}
        path.write_bytes(gzip.compress(json.dumps(model).encode(), mtime=0))
    endpoints = data / "endpoints.json"
    found = json.loads(endpoints.read_bytes())
    for partition in found["partitions"]:
        partition["services"] = {name: of for name, of in partition["services"].items() if name in ENDPOINTS}
    endpoints.write_text(json.dumps(found))


def without_documentation(node: Any) -> Any:
    """A description without its prose; a member that is called so is a table, and stays."""
    if isinstance(node, list):
        return [without_documentation(member) for member in node]
    if isinstance(node, dict):
        kept = (name for name, of in node.items() if not (name in _DOCUMENTATION and isinstance(of, str)))
        return {name: without_documentation(node[name]) for name in kept}
    return node


def strip(library: Path) -> None:
    """Cut off what follows the last segment of a shared library: section headers, symbols for debuggers.

    The dynamic linker reads segments alone (System V ABI, chapter 5); other kinds of file are left as they are.
    """
    content = bytearray(library.read_bytes())
    if not content.startswith(_ELF_64_LITTLE_ENDIAN):
        return
    segments_at, _, segment_size, count, *_ = _TABLES.unpack_from(content)
    places = (_SEGMENT.unpack_from(content, segments_at + number * segment_size) for number in range(count))
    end = max(offset + size for offset, size in places)
    struct.pack_into("<Q", content, 0x28, 0)  # e_shoff
    struct.pack_into("<HH", content, 0x3C, 0, 0)  # e_shnum, e_shstrndx
    library.write_bytes(content[:end])


def size_of(folder: Path) -> int:
    """The bytes of all files below the folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


if __name__ == "__main__":
    main()
