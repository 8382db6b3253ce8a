"""Labels to texts to vectors: one unit vector a label, the mean of its prompts'."""

from __future__ import annotations

from typing import TYPE_CHECKING

from searchengine.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from searchengine.encoders.encoder import Encoder

TEMPLATES = ("{}", "a photo of a {}", "a picture of {}")
"""Prompts that are averaged where nobody names others: with CLIP several beat any one (arXiv 2103.00020,
section 3.1.4). On scenes the built-in model has 0.70 to 0.72 top-1 with each of these and with their mean,
and 0.68 with the mean of four others (scripts/eval_classify.py)."""


def checked_labels(labels: Sequence[str]) -> tuple[str, ...]:
    """The labels without the blanks around them.

    Raises:
        UsageError: There are none, one is empty, or one stands twice.
    """
    tidy = tuple(" ".join(label.split()) for label in labels)
    if not tidy or not all(tidy):
        raise UsageError('a label is empty; write them with commas between, as in --labels "cat,dog,bird"')
    twice = sorted({label for label in tidy if tidy.count(label) > 1}) if len(set(tidy)) < len(tidy) else []
    if twice:
        raise UsageError(f"the label {twice[0]!r} stands there twice; name each once")
    return tidy


def label_vectors(encoder: Encoder, labels: Sequence[str], templates: Sequence[str]) -> NDArray[np.float32]:
    """Each label's place among the embeddings: the mean over its prompts, of length 1.

    Args:
        encoder: The model.
        labels: What is asked for.
        templates: Prompts with ``{}`` where the label goes.

    Returns:
        float32 (labels, dim).

    Raises:
        UsageError: There is no template, or one has no place for the label.
    """
    import numpy as np

    if not templates:
        raise UsageError('there is no template; "{}" is the label alone')
    for template in templates:
        if "{}" not in template:
            raise UsageError(f'the template "{template}" has no {{}} where the label goes')
    prompts = [template.replace("{}", label) for label in labels for template in templates]
    vectors = encoder.encode_texts(prompts).reshape(len(labels), len(templates), -1).mean(axis=1)
    unit: NDArray[np.float32] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit
