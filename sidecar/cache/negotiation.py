"""Which representation of an object suits a request. Pure: it reads metadata, and opens nothing."""

from dataclasses import dataclass

from sidecar.cache.stored import StoredResponse
from sidecar.http.cache_control import CacheControl
from sidecar.http.encoding import IDENTITY, admitted_codings, is_worth_coding, known_coding, refuses_coding
from sidecar.http.media_types import media_type_of


@dataclass(frozen=True, slots=True)
class CodingRules:
    """What the operator decided about content codings; sizes in bytes.

    `offered` are the codings that are applied here, the preferred one first; `looked_for` are those of which a
    pre-compressed object is looked for in the bucket. Smaller objects than `min_bytes` are not worth it. Neither what
    is coded nor what comes of undoing a coding has more than `max_bytes`: both are held in memory. Nobody waits longer
    than `patience_seconds` for a representation that is better than the one at hand.
    """

    offered: tuple[str, ...] = ()
    looked_for: tuple[str, ...] = ()
    min_bytes: int = 1024
    max_bytes: int = 16 * 1024 * 1024
    patience_seconds: float = 5.0


@dataclass(frozen=True, slots=True)
class Choice:
    """What to send: a companion in the first of these codings that has one, else the variant, else what is stored.

    `variant` is a coding, or `identity` where the coding of what is stored has to be undone. `is_negotiable` when
    another Accept-Encoding could be answered by another representation; `is_uncertain` when this one could be, at
    another time: there may be no room for a variant, or a companion may come.
    """

    is_negotiable: bool = False
    is_uncertain: bool = False
    companions: tuple[str, ...] = ()
    variant: str | None = None


AS_STORED = Choice()


def choose(stored: StoredResponse, object_key: str, accept_encoding: str | None, rules: CodingRules) -> Choice:
    """Choose by Accept-Encoding (RFC 9110 12.5.3), None for an absent one; a sliced object is sent as it is."""
    if stored.content_length == 0 or CacheControl.parse(stored.header("cache-control")).no_transform:
        return AS_STORED
    coding = stored.header("content-encoding")
    if coding is not None:
        return _choose_undoing(stored, known_coding(coding), accept_encoding, rules)
    if not is_worth_coding(media_type_of(stored.header("content-type"), object_key)):
        return AS_STORED
    return _choose_coding(stored, accept_encoding, rules)


def _choose_coding(stored: StoredResponse, accept_encoding: str | None, rules: CodingRules) -> Choice:
    offered = rules.offered if rules.min_bytes <= stored.content_length <= rules.max_bytes else ()
    companions = admitted_codings(accept_encoding, rules.looked_for)
    variant = next(iter(admitted_codings(accept_encoding, offered)), None)
    return _among(stored, companions, variant, is_negotiable=bool(offered or rules.looked_for))


def _choose_undoing(
    stored: StoredResponse, coding: str | None, accept_encoding: str | None, rules: CodingRules
) -> Choice:
    """Undo a coding only for a client that refuses it: whoever has stored it so has meant it so."""
    if coding is None or stored.content_length > rules.max_bytes:
        return AS_STORED
    is_refused = refuses_coding(accept_encoding, coding) and not refuses_coding(accept_encoding, IDENTITY)
    return _among(stored, (), IDENTITY if is_refused else None, is_negotiable=True)


def _among(stored: StoredResponse, companions: tuple[str, ...], variant: str | None, *, is_negotiable: bool) -> Choice:
    is_uncertain = bool(companions or variant)
    if not stored.has_body:  # in slices, or passed on
        return Choice(is_negotiable, is_uncertain)
    return Choice(is_negotiable, is_uncertain, companions, variant)
