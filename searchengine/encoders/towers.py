"""A model's two towers as modules that torch.onnx exports: from token ids and from bytes to unit vectors."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    import torch

    from searchengine.encoders.spec import Preprocessing


def image_tower(module: Any, preprocessing: Preprocessing) -> Any:
    """A module from uint8 (n, height, width, 3) to float32 (n, dim) of length 1 that normalises pixels."""
    import torch

    class ImageTower(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = module
            mean, std = torch.tensor(preprocessing.mean), torch.tensor(preprocessing.std)
            # (x / 255 - mean) / std as one multiplication and one addition
            self.scale = torch.nn.Buffer((1 / (255 * std)).reshape(1, 3, 1, 1))
            self.shift = torch.nn.Buffer((-mean / std).reshape(1, 3, 1, 1))

        def forward(self, pixels: torch.Tensor) -> Any:
            channels_first = pixels.permute(0, 3, 1, 2).to(torch.float32)
            return self.model.encode_image(channels_first * self.scale + self.shift, normalize=True)

    return ImageTower().eval()


@contextmanager
def plain_blocks(module: Any) -> Iterator[None]:
    """Within, the blocks of a CLIP model's transformers compute the same with less.

    Two things that torch's modules don't do: attention stays with the batch in front, where torch's own
    transposes back and forth and takes nearly twice as many small steps; and of a vision transformer's last
    block only the class token is computed, because no other is read: its queries, projection and MLP are a
    fifteenth of ViT-B's arithmetic. Nothing is rounded otherwise than before. Other towers stay as they are.
    """
    replaced: list[tuple[Any, list[Any]]] = []
    for blocks, reads_one in _transformers(module):
        before = list(blocks)
        replaced.append((blocks, before))
        for at, block in enumerate(before):
            blocks[at] = _plain(block, reads_one=reads_one and at == len(before) - 1)
    try:
        yield
    finally:
        for blocks, before in replaced:
            for at, block in enumerate(before):
                blocks[at] = block


def _transformers(module: Any) -> Iterator[tuple[Any, bool]]:
    """The blocks of each transformer that can be made plain, and whether just the first token is read."""
    from open_clip.transformer import ResidualAttentionBlock, TextTransformer, VisionTransformer

    visual, text = getattr(module, "visual", None), getattr(module, "text", None)
    found: list[tuple[Any, bool]] = []
    if isinstance(visual, VisionTransformer):
        found.append((visual.transformer, visual.attn_pool is None and visual.pool_type == "tok"))
    if isinstance(text, TextTransformer):
        found.append((text.transformer, False))
    elif text is None and hasattr(module, "transformer"):  # a CLIP whose text tower is the module itself
        found.append((module.transformer, False))
    for transformer, reads_one in found:
        if transformer.batch_first and all(
            type(block) is ResidualAttentionBlock and block.attn.in_proj_weight is not None
            for block in transformer.resblocks
        ):
            yield transformer.resblocks, reads_one


def _plain(block: Any, *, reads_one: bool) -> Any:
    """A block of open_clip's, as a module that has the same weights."""
    import torch

    class PlainBlock(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.block = block

        def get_weight_dtype(self) -> torch.dtype:  # what the transformer asks its first block for
            dtype: torch.dtype = block.get_weight_dtype()
            return dtype

        def forward(self, x: torch.Tensor, attn_mask: torch.Tensor | None = None) -> Any:
            attended = self.attention(block.ln_1(x), attn_mask)
            x = (x[:, :1] if reads_one else x) + block.ls_1(attended)
            return x + block.ls_2(block.mlp(block.ln_2(x)))

        def attention(self, x: torch.Tensor, mask: torch.Tensor | None) -> Any:
            attention = block.attn
            packed = torch.nn.functional.linear(x, attention.in_proj_weight, attention.in_proj_bias)
            heads = (x.shape[0], -1, attention.num_heads, attention.head_dim)
            queries, keys, values = (part.reshape(heads).transpose(1, 2) for part in packed.chunk(3, -1))
            if reads_one:
                queries = queries[:, :, :1]
            scores = (queries * queries.shape[-1] ** -0.5) @ keys.transpose(-2, -1)
            if mask is not None:  # (length, length), or (batch * heads, length, length)
                scores = scores + (mask if mask.dim() == 2 else mask.reshape(scores.shape))
            answers = scores.softmax(dim=-1) @ values
            return attention.out_proj(answers.transpose(1, 2).flatten(2))

    return PlainBlock()


def text_tower(module: Any) -> Any:
    """A module from int64 (n, context length) to float32 (n, dim) of length 1: open_clip's `encode_text`."""
    import torch

    class TextTower(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = module

        def forward(self, tokens: torch.Tensor) -> Any:
            return self.model.encode_text(tokens, normalize=True)

    return TextTower().eval()


def cut_text_tower(module: Any) -> Any:
    """The text tower for rows of any length, as if a text ended where its row does; None where there is none.

    open_clip's `CLIP.encode_text` takes rows of the full context length alone. This slices the positions and
    the mask. Whether the answer is the same is for a test of the two to say: it is for a tower whose mask is
    causal and whose answer is read at the end-of-text token.
    """
    import torch
    from open_clip.transformer import text_global_pool

    text = getattr(module, "text", module)
    if not all(
        hasattr(text, name) for name in ("token_embedding", "positional_embedding", "transformer", "ln_final")
    ):
        return None  # a text tower of the transformers package
    pool = text.text_pool_type if text is module else text.pool_type
    end = text.text_eos_id if text is module else text.eos_id

    class CutTextTower(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = module

        def forward(self, tokens: torch.Tensor) -> Any:
            tower = getattr(self.model, "text", self.model)
            length = tokens.shape[1]
            mask = None if tower.attn_mask is None else tower.attn_mask[:length, :length]
            hidden = tower.token_embedding(tokens) + tower.positional_embedding[:length]
            hidden = tower.ln_final(tower.transformer(hidden, attn_mask=mask))
            pooled = text_global_pool(hidden, tokens, pool, eos_token_id=end)
            projection = tower.text_projection
            if isinstance(projection, torch.nn.Linear):
                pooled = projection(pooled)
            elif projection is not None:
                pooled = pooled @ projection
            return torch.nn.functional.normalize(pooled, dim=-1)

    return CutTextTower().eval()
