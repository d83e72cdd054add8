"""Why an operator's request is not done."""

from http import HTTPStatus


class Refused(Exception):  # noqa: N818 - it is the answer
    """A request that cannot be done, and why; `headers` go with the answer."""

    def __init__(self, status: HTTPStatus, detail: str, **headers: str) -> None:
        super().__init__(detail)
        self.status = status
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}
