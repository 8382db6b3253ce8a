"""The built-in model's shape, in open_clip's words, and its text tower run on short texts."""

from typing import Any

import torch
from open_clip.model import CLIP
from torch import Tensor
from torch.nn import functional
from torch.nn.attention import SDPBackend, sdpa_kernel

CONTEXT = 32
VOCABULARY = 49408
SIZE = 96
MEAN, STD = (0.5, 0.5, 0.5), (0.25, 0.25, 0.25)
CONFIG: dict[str, Any] = {
    "embed_dim": 256,
    "vision_cfg": {
        "timm_model_name": "cs3darknet_focus_s",
        "timm_model_pretrained": False,
        "timm_pool": "abs_attn",  # it knows where a feature was: left, right, above, below
        "timm_proj": None,
        "image_size": SIZE,
    },
    "text_cfg": {
        "context_length": CONTEXT,
        "vocab_size": VOCABULARY,
        "width": 128,
        "heads": 2,
        "layers": 4,
    },
}
PREPROCESS = {"mean": MEAN, "std": STD, "interpolation": "bicubic", "resize_mode": "squash"}


def encode_text(model: CLIP, tokens: Tensor) -> Tensor:
    """Embed tokens cut to their longest text: what follows the end changes nothing, and costs."""
    length = tokens.shape[1]
    x = model.token_embedding(tokens) + model.positional_embedding[:length]
    with sdpa_kernel(SDPBackend.MATH):  # flash attention's way back takes longer at 32 tokens
        x = model.transformer(x, attn_mask=model.attn_mask[:length, :length])
    x = model.ln_final(x)[torch.arange(len(x)), tokens.argmax(1)]
    return functional.normalize((x @ model.text_projection).float(), dim=-1)
