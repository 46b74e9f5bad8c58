"""A network of one input and a fixed shape, whichever library computes it: whole batches in, outputs out."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from gaitheat.errors import GaitheatError

Request = TypeVar("Request")


class BatchNetwork(ABC, Generic[Request]):
    """Whole batches, as many at the same time as there are requests.

    Args:
        path: the network's file.
        shape: the input's shape, batch first.
        dtype: the input's type.
        names: the names of each output, in the file's order.
        requests: what a library needs to work on one batch, once for each batch that shall be worked on at
            the same time.

    Attributes:
        path: the network's file.
        shape: the input's shape, every dimension known.
        dtype: the input's type.
    """

    def __init__(
        self,
        path: Path,
        shape: tuple[int, ...],
        dtype: np.dtype[np.generic],
        names: Sequence[Sequence[str]],
        requests: Sequence[Request],
    ) -> None:
        self.path, self.shape, self.dtype = path, shape, dtype
        self._names = names
        self._executor = ThreadPoolExecutor(len(requests))
        self._idle: SimpleQueue[Request] = SimpleQueue()
        for request in requests:
            self._idle.put(request)

    def __call__(self, items: NDArray[np.generic]) -> dict[str, NDArray[np.float32]]:
        """The outputs in the file's order, each under every name that the file gives it.

        Args:
            items: [n x shape[0], *shape[1:]] of type ``dtype``: one or more whole batches.

        Raises:
            GaitheatError: another shape or type (OpenVINO itself would convert the type unasked).
        """
        size = self.shape[0]
        whole = items.shape[1:] == self.shape[1:] and len(items) > 0 and len(items) % size == 0
        if not whole or items.dtype != self.dtype:
            raise GaitheatError(
                f"{self.path.name} takes {self.dtype} {list(self.shape)} or whole multiples, "
                f"but got {items.dtype} {list(items.shape)}"
            )
        batches = [items[start : start + size] for start in range(0, len(items), size)]
        parts = zip(*self._executor.map(self._next, batches), strict=True)
        outputs = [np.concatenate(part) for part in parts]
        return {name: array for names, array in zip(self._names, outputs, strict=True) for name in names}

    def _next(self, batch: NDArray[np.generic]) -> tuple[NDArray[np.float32], ...]:
        request = self._idle.get()
        try:
            return self._infer(request, np.ascontiguousarray(batch))
        finally:
            self._idle.put(request)

    @abstractmethod
    def _infer(self, request: Request, batch: NDArray[np.generic]) -> tuple[NDArray[np.float32], ...]:
        """The outputs for one batch, in the file's order."""
