"""The manifests of the main cases, word for word."""

from pathlib import Path

from chart.golden import GOLDEN, golden_texts


def test_manifests_are_as_expected(shop: Path) -> None:
    """Nothing has changed that was not meant to: where it was, `make golden` writes what is expected anew."""
    texts = golden_texts(shop)
    assert {path.name for path in GOLDEN.iterdir()} == set(texts)
    assert {name for name, text in texts.items() if (GOLDEN / name).read_text() != text} == set()
