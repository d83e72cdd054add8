"""What a large object costs a worker."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from support.http_client import Connection, request
from support.seaweedfs import SeaweedFS
from support.sidecar import StartSidecar

PART = bytes(range(256)) * 4096 * 16
PARTS = 16
PIECE = 1024 * 1024
LARGEST_TEXT = 16 * PIECE


def peak_bytes(pid: int) -> int:
    """The most memory a process has had so far."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) * 1024


def put_large(store: SeaweedFS, key: str) -> int:
    """Put an object of a quarter of a gibibyte without holding it."""
    name = {"Bucket": store.bucket, "Key": key}
    upload = store.client.create_multipart_upload(**name)["UploadId"]
    etags = [
        store.client.upload_part(**name, UploadId=upload, PartNumber=number, Body=PART)["ETag"]
        for number in range(1, PARTS + 1)
    ]
    parts = [{"PartNumber": number, "ETag": etag} for number, etag in enumerate(etags, start=1)]
    store.client.complete_multipart_upload(**name, UploadId=upload, MultipartUpload={"Parts": parts})
    return len(PART) * PARTS


def download(port: int, target: str) -> int:
    """Read an answer piece by piece; how many bytes its body had."""
    with Connection(port, timeout=60) as connection:
        connection.send_request("GET", target)
        assert connection.read_head().status == 200
        return sum(iter(lambda: len(connection.read_body_bytes(PIECE)), 0))


def test_a_large_object_stays_out_of_memory(seaweedfs: SeaweedFS, start_sidecar: StartSidecar, key_prefix: str) -> None:
    """256 MiB go through a worker, as a miss and as a hit, in less than 32 MiB more than it has when idle."""
    size = put_large(seaweedfs, f"{key_prefix}large.bin")
    server = start_sidecar(seaweedfs)
    (worker,) = server.worker_pids()
    idle = peak_bytes(worker)
    assert [download(server.port, f"/{key_prefix}large.bin") for _ in range(2)] == [size, size]
    assert peak_bytes(worker) - idle < 32 * 1024 * 1024


def test_what_is_compressed_takes_memory_one_by_one(
    seaweedfs: SeaweedFS, start_sidecar: StartSidecar, key_prefix: str
) -> None:
    """Four texts of the largest size at once take no more than six times that: one after the other is worked on."""
    for number in range(4):
        text = os.urandom(LARGEST_TEXT // 2).hex().encode()
        seaweedfs.put(f"{key_prefix}{number}.txt", text, content_type="text/plain")
    server = start_sidecar(seaweedfs)
    (worker,) = server.worker_pids()
    idle = peak_bytes(worker)

    def ask(number: int) -> int:
        return request(server.port, "GET", f"/{key_prefix}{number}.txt", {"accept-encoding": "br"}, timeout=60).status

    with ThreadPoolExecutor(4) as threads:
        assert set(threads.map(ask, range(4))) == {200}
    assert peak_bytes(worker) - idle < 6 * LARGEST_TEXT
