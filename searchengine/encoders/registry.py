"""Models worth choosing between, with what is published about them: the table behind `imgsearch models`."""

from __future__ import annotations

from dataclasses import dataclass

DEFAULT_MODEL = "ViT-B-32-256/datacomp_s34b_b86k"
"""What a new library gets when no model is named."""


@dataclass(frozen=True, slots=True)
class KnownModel:
    """One row of the table.

    Attributes:
        name: As it is written after ``--model``.
        dim: Length of an embedding.
        image_parameters: Parameters of the image tower, in millions.
        input_size: Side of the square input, in pixels.
        download_bytes: Size of the weights file, about; 0 where nothing is downloaded, None where not known.
        recall: Published text-to-image recall at 1, 5 and 10 on COCO, in per cent; None where not published.
        licence: Of the weights.
        note: What else to know.
        repository: Where the hub has the weights; empty where nothing is downloaded.
    """

    name: str
    dim: int
    image_parameters: float
    input_size: int
    download_bytes: int | None
    recall: tuple[float | None, float | None, float | None]
    licence: str
    note: str = ""
    repository: str = ""

    @property
    def default(self) -> bool:
        """Whether a new library gets this model when none is named."""
        return self.name == DEFAULT_MODEL


_UNKNOWN = (None, None, None)

# Recall and licences as their authors publish them (open_clip's tables and model cards). Sizes are four bytes
# a parameter of both towers; a repository may hold a smaller file.
MODELS = (
    KnownModel(
        "builtin",
        256,
        4,
        96,
        0,
        _UNKNOWN,
        "Apache-2.0",
        "comes with imgsearch; for rendered scenes and trying things out",
    ),
    KnownModel(
        "ViT-B-32-256/datacomp_s34b_b86k",
        512,
        88,
        256,
        605_000_000,
        (39.9, 65.4, 75.2),
        "MIT",
        "a good start",
        "laion/CLIP-ViT-B-32-256x256-DataComp-s34B-b86K",
    ),
    KnownModel(
        "ViT-B-32-quickgelu/openai",
        512,
        88,
        224,
        605_000_000,
        (30.4, 55.9, 66.9),
        "MIT",
        "the first CLIP",
        "timm/vit_base_patch32_clip_224.openai",
    ),
    KnownModel(
        "ViT-B-32/laion2b_s34b_b79k",
        512,
        88,
        224,
        605_000_000,
        (39.3, 65.4, 75.6),
        "MIT",
        "",
        "laion/CLIP-ViT-B-32-laion2B-s34B-b79K",
    ),
    KnownModel(
        "ViT-B-16-quickgelu/dfn2b",
        512,
        86,
        224,
        599_000_000,
        (43.4, 69.2, 78.8),
        "Apple research licence",
        "read the licence first",
        "apple/DFN2B-CLIP-ViT-B-16",
    ),
    KnownModel(
        "MobileCLIP2-S0/dfndr2b",
        512,
        11,
        256,
        300_000_000,
        (43.7, 70.0, 79.4),
        "Apple research only",
        "quick; research only",
        "timm/MobileCLIP2-S0-OpenCLIP",
    ),
    KnownModel(
        "ViT-L-14/datacomp_xl_s13b_b90k",
        768,
        304,
        224,
        1_710_000_000,
        (45.7, 70.0, 79.2),
        "MIT",
        "slow without a GPU",
        "laion/CLIP-ViT-L-14-DataComp.XL-s13B-b90K",
    ),
    KnownModel(
        "ViT-B-32-SigLIP2-256/webli",
        768,
        87,
        256,
        1_500_000_000,
        (47.2, None, None),
        "Apache-2.0",
        "many languages; a large text tower",
        "timm/ViT-B-32-SigLIP2-256",
    ),
    KnownModel(
        "ViT-B-16-SigLIP2/webli",
        768,
        86,
        224,
        1_500_000_000,
        (52.1, None, None),
        "Apache-2.0",
        "many languages; a large text tower",
        "timm/ViT-B-16-SigLIP2",
    ),
)


def known(name: str) -> KnownModel | None:
    """The table's row of this name."""
    return next((model for model in MODELS if model.name == name), None)


def downloaded(model: KnownModel) -> bool:
    """Whether the weights are on this machine; neither torch nor open_clip is imported, no network asked."""
    from searchengine.encoders import cache, hub
    from searchengine.encoders.files import WEIGHTS_FILES

    if not model.repository:
        return True
    if any(export.manifest.spec.name == model.name for export in cache.exports()):
        return True
    return hub.cached(model.repository, WEIGHTS_FILES) is not None
