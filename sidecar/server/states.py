"""The states of the workers, which Sanic wants in a process of their own, kept in a thread of the main one."""

import threading
from multiprocessing.managers import SyncManager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from multiprocessing.managers import DictProxy


class StatesOfWorkers:
    """Stands in for `multiprocessing.Manager()`, as far as Sanic uses it; it ends with the process."""

    def __init__(self) -> None:
        server = SyncManager().get_server()
        threading.Thread(target=server.serve_forever, name="states of the workers", daemon=True).start()
        self._client = SyncManager(server.address)
        self._client.connect()

    def dict(self) -> "DictProxy[Any, Any]":
        """A dictionary that every process reaches to which it is handed."""
        return self._client.dict()

    def shutdown(self) -> None:
        """Nothing is left to end."""
