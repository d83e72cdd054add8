"""How a path of the website names an object of the bucket. Pure."""

from dataclasses import dataclass

from sidecar.http.target import object_key


@dataclass(frozen=True, slots=True)
class Website:
    """The rules of one site: the document that stands for a folder."""

    index: str = "index.html"

    def object_key(self, path: str, prefix: str) -> str:
        """The key, below a prefix, for a decoded path that begins with a slash."""
        return object_key(path, prefix=prefix, index=self.index)

    def resource(self, path: str) -> str:
        """The path as records name it: with the index document in place of a folder."""
        return "/" + object_key(path, prefix="", index=self.index)
