"""A visit from its beginning to its end, with a bucket that is a table."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sidecar.origin.steps import Conclusion, Finding, Listing, Lookup, Question, Visit
from sidecar.origin.website import Website


@dataclass(frozen=True, slots=True)
class Table:
    """What the bucket says of each key, and the folders that hold something; all else is missing."""

    objects: Mapping[str, Finding | int] = field(default_factory=dict)
    folders: Mapping[str, int] = field(default_factory=dict)

    def find(self, question: Question) -> Finding:
        """What comes of a question."""
        if isinstance(question, Listing):
            return Finding(self.folders.get(question.prefix, 404))
        found = self.objects.get(question.object_key, 404)
        return Finding(found) if isinstance(found, int) else found


@dataclass(frozen=True, slots=True)
class Walk:
    """What was asked, in order, and the conclusion."""

    questions: list[Question]
    conclusion: Conclusion

    @property
    def asked(self) -> list[str]:
        """The keys that were looked up, and the folders, with an asterisk, that were listed."""
        return [asked.object_key if isinstance(asked, Lookup) else f"{asked.prefix}*" for asked in self.questions]


def walk(website: Website, visit: Visit, table: Table) -> Walk:
    """Drive the rules as the server does, without its bound on the number of questions."""
    questions: list[Question] = []
    step = website.first(visit)
    while isinstance(step, Lookup | Listing):
        questions.append(step)
        step = website.next(visit, step, table.find(step))
    return Walk(questions, step)
