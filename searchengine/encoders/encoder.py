"""The one protocol behind which every model and every runtime stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from searchengine.encoders.spec import ModelSpec


class Encoder(Protocol):
    """Turns pictures and texts into unit vectors of one space.

    A tower is loaded when it is first asked for, so that a text query never pays for the image tower.
    """

    @property
    def spec(self) -> ModelSpec:
        """The model, pinned."""
        ...

    def encode_images(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Embed pictures that `preprocess` has brought to the model's size.

        Args:
            pixels: uint8 (n, height, width, 3), RGB, resized and cropped, not normalised.

        Returns:
            float32 (n, dim), each row of length 1.
        """
        ...

    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed texts.

        Returns:
            float32 (n, dim), each row of length 1.
        """
        ...
