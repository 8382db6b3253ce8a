"""Real photos, from the file to the vector, against open_clip's own transform and towers."""

import os
from pathlib import Path

import numpy as np
import pytest

from searchengine.encoders import load_encoder
from searchengine.encoders.preprocess import preprocess
from searchengine.images.open import open_image

SHARED = Path(os.environ.get("IMGSEARCH_SHARED", Path(__file__).resolve().parents[3] / "shared"))
PHOTOS = sorted((SHARED / "data" / "photos").glob("**/*.jp*g"))[::20]

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not PHOTOS, reason="no shared photos: set IMGSEARCH_SHARED"),
]


@pytest.fixture(scope="module")
def originals():
    """Vectors that open_clip gives for the photos with the built-in model, and the model's own for texts."""
    import open_clip
    import torch
    from PIL import Image, ImageOps

    from searchengine.encoders.locate import BUILTIN_FOLDER

    model, _, transform = open_clip.create_model_and_transforms(f"local-dir:{BUILTIN_FOLDER}")
    images = []
    for path in PHOTOS:
        with Image.open(path) as image:
            images.append(transform(ImageOps.exif_transpose(image).convert("RGB")))
    with torch.inference_mode():
        return model.eval().encode_image(torch.stack(images), normalize=True).numpy()


@pytest.mark.parametrize("runtime", ["onnx", "torch"])
@pytest.mark.parametrize(("draft", "nearest"), [(False, 0.9999), (True, 0.9995)], ids=["full", "draft"])
def test_a_photo_gives_open_clips_vector(originals, runtime, draft, nearest):
    encoder = load_encoder("builtin", runtime=runtime)
    preprocessing = encoder.spec.preprocessing
    draft_to = 2 * max(preprocessing.size) if draft else None
    pixels = np.stack(
        [preprocess(open_image(path, draft_to=draft_to).image, preprocessing) for path in PHOTOS]
    )
    cosines = (encoder.encode_images(pixels) * originals).sum(axis=1)
    assert cosines.min() >= nearest
