"""From a picture of any size to the pixels a model wants, pixel for pixel as open_clip's transform does."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL import Image

    from searchengine.encoders.spec import Preprocessing

# A picture of 1 x 60,000 pixels, resized to 256 by its short side, would take 12 GB before it is cropped.
_STRIP = 32


def preprocess(image: Image.Image, preprocessing: Preprocessing) -> NDArray[np.uint8]:
    """Resize and crop, pad or squash, without normalising.

    The counterpart of open_clip's `image_transform_v2(cfg, is_train=False)` up to `ToTensor`. It works on
    the picture's own mode, as open_clip does, and turns it into RGB last; pass RGB for alpha on a background.

    Args:
        image: A picture, upright (see `ImageOps.exif_transpose`).
        preprocessing: What the model asks for.

    Returns:
        uint8 (height, width, 3), RGB.
    """
    import numpy as np

    height, width = preprocessing.size
    if _is_strip(*image.size, preprocessing):
        image = _resize_centre(image, preprocessing)
    else:
        image = _resize(image, preprocessing)
    if preprocessing.resize_mode == "longest":
        image = _pad(image, width, height, preprocessing.fill_color)
    if preprocessing.resize_mode != "squash":
        image = _crop(_pad(image, width, height, 0), width, height)
    return np.asarray(image if image.mode == "RGB" else image.convert("RGB"), dtype=np.uint8)


def resized_size(width: int, height: int, preprocessing: Preprocessing) -> tuple[int, int]:
    """The (width, height) in pixels that such a picture is resized to before it is cropped or padded."""
    target_height, target_width = preprocessing.size
    if preprocessing.resize_mode == "squash":
        return target_width, target_height
    if preprocessing.resize_mode == "shortest" and target_width == target_height:
        # torchvision's Resize(int) truncates, open_clip's ResizeKeepRatio rounds.
        if width <= height:
            return target_width, int(target_width * height / width)
        return int(target_height * width / height), target_height
    longest = preprocessing.resize_mode == "longest"
    ratio = (max if longest else min)(height / target_height, width / target_width)
    return max(round(width / ratio), 1), max(round(height / ratio), 1)


def _filter(preprocessing: Preprocessing) -> Image.Resampling:
    from PIL import Image

    square = preprocessing.size[0] == preprocessing.size[1]
    # open_clip forgets to hand its interpolation on where a non-square input is resized by the short side.
    forgotten = preprocessing.resize_mode == "shortest" and not square
    bilinear = preprocessing.interpolation == "bilinear" and not forgotten
    return Image.Resampling.BILINEAR if bilinear else Image.Resampling.BICUBIC


def _resize(image: Image.Image, preprocessing: Preprocessing) -> Image.Image:
    size = resized_size(*image.size, preprocessing)
    return image if size == image.size else image.resize(size, _filter(preprocessing))


def _is_strip(width: int, height: int, preprocessing: Preprocessing) -> bool:
    """Whether resizing by the short side would make a picture far larger than what the crop keeps of it."""
    if preprocessing.resize_mode != "shortest":
        return False
    resized = resized_size(width, height, preprocessing)
    return resized[0] * resized[1] > _STRIP * preprocessing.size[0] * preprocessing.size[1]


def _resize_centre(image: Image.Image, preprocessing: Preprocessing) -> Image.Image:
    """What resizing and cropping give, from the part of the picture that the crop keeps.

    Pillow's filter reads beyond `box` where its support does; what differs is rounding between its passes.
    """
    height, width = preprocessing.size
    whole = resized_size(*image.size, preprocessing)
    left, top = round((whole[0] - width) / 2.0), round((whole[1] - height) / 2.0)
    across, down = image.width / whole[0], image.height / whole[1]
    box = (left * across, top * down, (left + width) * across, (top + height) * down)
    return image.resize((width, height), _filter(preprocessing), box=box)


def _pad(image: Image.Image, width: int, height: int, fill: int) -> Image.Image:
    """Padded evenly to at least this size, the odd pixel on the right and at the bottom."""
    from PIL import ImageOps

    across, down = max(width - image.width, 0), max(height - image.height, 0)
    if not across and not down:
        return image
    color = fill if len(image.getbands()) == 1 else (fill,) * len(image.getbands())
    return ImageOps.expand(image, (across // 2, down // 2, (across + 1) // 2, (down + 1) // 2), color)


def _crop(image: Image.Image, width: int, height: int) -> Image.Image:
    left, top = round((image.width - width) / 2.0), round((image.height - height) / 2.0)
    return image.crop((left, top, left + width, top + height))
