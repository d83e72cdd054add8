"""A video that is real, large enough to be fetched in parts, and tells the time by its brightness."""

import random
from pathlib import Path

import av
from av.video.frame import VideoFrame

WIDTH, HEIGHT = 320, 240
FRAMES_PER_SECOND = 10
_FRAMES_BETWEEN_KEYS = 20
_DARKEST, _BRIGHTEST = 40, 200
_NOISE = 32
_N_PATTERNS = 16
_BITS_PER_SECOND = 6_000_000


def brightness(at_seconds: float, seconds: int) -> float:
    """How bright a video of so many seconds is at an instant: 0 is black, 1 is white."""
    return (_luma(at_seconds / seconds) - 16) / 219


def write_video(path: Path, seconds: int) -> None:
    """Write a WebM (VP8, no sound) that grows brighter evenly; its noise keeps it from being compressed away.

    Its index of key frames stands at the end, as ffmpeg writes it: a player has to ask for that first.
    """
    source = random.Random(1)  # noqa: S311 - the same video every time
    patterns = [bytes(source.choices(range(_NOISE), k=WIDTH * HEIGHT)) for _ in range(_N_PATTERNS)]
    options = {"deadline": "realtime", "cpu-used": "16", "g": str(_FRAMES_BETWEEN_KEYS), "qmin": "2", "qmax": "10"}
    with av.open(path, "w", format="webm") as container:
        stream = container.add_stream("libvpx", rate=FRAMES_PER_SECOND, options=options)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.bit_rate = _BITS_PER_SECOND
        n_frames = seconds * FRAMES_PER_SECOND
        for number in range(n_frames):
            container.mux(stream.encode(_frame(patterns[number % _N_PATTERNS], number / n_frames)))
        container.mux(stream.encode())


def _luma(share: float) -> float:
    return _DARKEST + share * (_BRIGHTEST - _DARKEST)


def _frame(pattern: bytes, share: float) -> VideoFrame:
    frame = VideoFrame(WIDTH, HEIGHT, "yuv420p")
    base = round(_luma(share)) - _NOISE // 2
    luma, *chroma = frame.planes
    luma.update(pattern.translate(bytes((base + noise) % 256 for noise in range(256))))
    for plane in chroma:
        plane.update(b"\x80" * plane.buffer_size)
    return frame
