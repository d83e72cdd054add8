"""How a path of the website names an object of the bucket, and what is done when there is none. Pure.

The rules are those of the S3 website endpoint: https://docs.aws.amazon.com/AmazonS3/latest/userguide/WebsiteHosting.html
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import TYPE_CHECKING

from sidecar.http.accept import quality
from sidecar.http.fields import is_field_value
from sidecar.http.references import encode_path, encode_written, is_web_url, rooted
from sidecar.http.target import is_possible_key, object_key
from sidecar.origin.routing import RoutingRule, route
from sidecar.origin.steps import (
    Conclusion,
    Finding,
    Listing,
    Lookup,
    Question,
    Redirect,
    Refuse,
    Role,
    Serve,
    Step,
    Visit,
)

if TYPE_CHECKING:
    from sidecar.origin.website_configuration import Configuration
    from sidecar.settings import Settings

MAX_QUESTIONS = 5
"""The most that one visit asks: the object, the folder's index, what is in it, the single page, the error document."""

_WITH_DOCUMENT = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.FORBIDDEN})


@dataclass(frozen=True, slots=True)
class Website:
    """The rules of one site. A visit begins with `first` and goes on with `next` until there is a conclusion."""

    index: str = "index.html"
    error_document: str | None = None
    is_single_page: bool = False
    lists_folders: bool = False
    rules: tuple[RoutingRule, ...] = ()

    def object_key(self, path: str, prefix: str) -> str:
        """The key, below a prefix, for a decoded path that begins with a slash."""
        return object_key(path, prefix=prefix, index=self.index)

    def resource(self, path: str) -> str:
        """The path as records name it: with the index document in place of a folder."""
        return "/" + object_key(path, prefix="", index=self.index)

    def configured(self, configuration: "Configuration") -> "Website":
        """The same where the configuration says nothing."""
        return replace(
            self,
            index=configuration.index or self.index,
            error_document=configuration.error_document or self.error_document,
            rules=configuration.rules or self.rules,
        )

    def first(self, visit: Visit) -> Step:
        """Where a visit begins."""
        return route(self.rules, visit) or next(self._questions(visit))

    def next(self, visit: Visit, question: Question, finding: Finding) -> Step:
        """What follows from what was found; at most `MAX_QUESTIONS` questions come before a conclusion."""
        if isinstance(question, Lookup) and question.role is Role.ERROR_DOCUMENT:
            is_negotiated = self._is_negotiated(visit, question.status)
            return (Serve if finding.is_found else Refuse)(question.status, is_negotiated)
        if finding.is_found:
            return self._found(visit, question, finding)
        if finding.status != HTTPStatus.NOT_FOUND:
            return self._failed(visit, finding.status)
        if isinstance(question, Lookup) and question.role is Role.SINGLE_PAGE:
            return self._without_page(visit, finding.status)
        return self._question_after(visit, question) or self._failed(visit, finding.status)

    def _questions(self, visit: Visit) -> Iterator[Question]:
        """Where the resource may be, one after the other."""
        yield Lookup(self.object_key(visit.path, visit.prefix))
        folder = f"{visit.prefix}{visit.name}{'' if visit.is_folder else '/'}"
        if not is_possible_key(folder + self.index):
            return
        if not visit.is_folder:
            yield Lookup(folder + self.index, Role.FOLDER_INDEX)
        if self.lists_folders:
            yield Listing(folder, is_probe=not visit.is_folder)

    def _question_after(self, visit: Visit, asked: Question) -> Question | None:
        questions = self._questions(visit)
        return next(questions, None) if asked in questions else None

    def _found(self, visit: Visit, question: Question, finding: Finding) -> Conclusion:
        if isinstance(question, Listing):
            return Redirect(HTTPStatus.FOUND, visit.reference(visit.path + "/")) if question.is_probe else Serve()
        if question.role is Role.FOLDER_INDEX:
            return Redirect(HTTPStatus.FOUND, visit.reference(visit.path + "/"))
        location = redirect_location(finding.redirect_location, visit.mount)
        if location is not None:
            return Redirect(HTTPStatus.MOVED_PERMANENTLY, location, is_of_object=True)
        return Serve(question.status, is_negotiated=question.role is Role.SINGLE_PAGE)

    def _failed(self, visit: Visit, status: int) -> Step:
        """Rules first, since somebody wrote them for just this; then the single page, then the error document."""
        routed = route(self.rules, visit, status)
        if routed is not None:
            return routed
        page = Lookup(self.object_key("/", visit.prefix), Role.SINGLE_PAGE)
        is_wanted = self._is_negotiated(visit, status) and quality(visit.accept, "text/html") > 0
        is_new = page.object_key != self.object_key(visit.path, visit.prefix)
        return page if is_wanted and is_new else self._without_page(visit, status)

    def _without_page(self, visit: Visit, status: int) -> Step:
        document = visit.prefix + (self.error_document or "")
        is_new = document != self.object_key(visit.path, visit.prefix)
        if self.error_document and status in _WITH_DOCUMENT and is_new:
            return Lookup(document, Role.ERROR_DOCUMENT, status)
        return Refuse(status, self._is_negotiated(visit, status))

    def _is_negotiated(self, visit: Visit, status: int) -> bool:
        """Whether the single page might have been sent instead."""
        return status == HTTPStatus.NOT_FOUND and self._is_route(visit)

    def _is_route(self, visit: Visit) -> bool:
        """Whether a single-page application may know the path: assets have an extension, its own views have none."""
        return self.is_single_page and "." not in visit.path.rpartition("/")[2]


def redirect_location(value: str | None, mount: str) -> str | None:
    """Where an object's x-amz-website-redirect-location leads: a path of the website, or a URL; None for all else.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/how-to-page-redirect.html#redirect-requests-object-metadata
    """
    if not value or not is_field_value(value):
        return None
    if value.startswith("/"):
        return rooted(encode_path(mount) + encode_written(value))
    return encode_written(value) if is_web_url(value) else None


def flags_of(settings: "Settings") -> Website:
    """The rules that hold for every site of a server."""
    return Website(
        index=settings.index,
        error_document=settings.error_document,
        is_single_page=settings.spa,
        lists_folders=settings.autoindex,
    )


def website_of(settings: "Settings") -> Website:
    """The rules of the main site: with those of the file that is written for its bucket."""
    flags = flags_of(settings)
    return flags if settings.routing_rules is None else flags.configured(settings.routing_rules)
