"""Train the built-in model: a small CLIP, in open_clip's own format, on scenes rendered on the fly.

    python scripts/train_builtin.py RUN --minutes 90     # start, or go on where RUN stopped
    python scripts/train_builtin.py RUN --export DIR     # write config + float16 weights

The schedule follows the clock, not a number of steps: the learning rate has fallen to zero when the
minutes are used up, however busy the machine. Writing another number into RUN/minutes moves the end.

Two things exist in training only. Heads that say what each cell of the picture shows, which place it
is and how many things there are teach the image tower to see long before the contrastive loss alone
would. And the token table holds only the tokens that captions use, one row standing for all others;
the export spreads it over CLIP's whole vocabulary.
"""

import argparse
import json
import math
import os
import sys
import time
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import open_clip  # noqa: E402
from open_clip.model import CLIP  # noqa: E402
from safetensors.torch import save_file  # noqa: E402

from data.backgrounds import background_names  # noqa: E402
from data.batches import GRID, MOST, BackgroundPool, Batch, batch, fact_numbers, kind_numbers  # noqa: E402
from data.captions import caption, describe  # noqa: E402
from data.scenes import random_scene  # noqa: E402

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
UNKNOWN_SHARE = 0.02  # of a caption's words are replaced by the row for unknown tokens
WARM_UP = 150  # steps
AVERAGE = 0.998  # of the moving average of the weights, a step


class Vocabulary:
    """CLIP's tokens that captions use, renumbered: 0 padding, 1 unknown, ..., start, end.

    The end keeps the largest number, since the text tower reads out at the largest.
    """

    def __init__(self, used: list[int]) -> None:
        tokenizer = open_clip.SimpleTokenizer(context_length=CONTEXT)
        self.tokenizer = tokenizer
        self.start, self.end = tokenizer.sot_token_id, tokenizer.eot_token_id
        self.used = sorted(set(used) - {0, self.start, self.end})
        order = [*self.used, self.start, self.end]
        self.size = 2 + len(order)
        self.number = {token: 2 + index for index, token in enumerate(order)}
        self.cache: dict[str, list[int]] = {}

    @classmethod
    def collect(cls) -> "Vocabulary":
        """Gather the tokens of many captions."""
        rng = Random("vocabulary")
        tokenizer = open_clip.SimpleTokenizer(context_length=CONTEXT)
        words: set[str] = set()
        for _ in range(30_000):
            scene = random_scene(rng)
            for text in (describe(scene, rng, synonyms=0.6).text, caption(scene, rng).text):
                words.update(text.replace(",", " , ").split())
        return cls([token for word in sorted(words) for token in tokenizer.encode(word)])

    def encode(self, texts: list[str], rng: Random | None = None) -> Tensor:
        """Return int64 (n, longest) of renumbered tokens; with `rng`, some words become unknown."""
        rows = []
        for text in texts:
            row = [self.number[self.start]]
            for word in text.replace(",", " , ").split():
                if word not in self.cache:
                    tokens = self.tokenizer.encode(word)
                    self.cache[word] = [self.number.get(token, 1) for token in tokens]
                unknown = rng is not None and rng.random() < UNKNOWN_SHARE
                row += [1] if unknown else self.cache[word]
            rows.append([*row[: CONTEXT - 1], self.number[self.end]])
        length = max(map(len, rows))
        return torch.tensor([row + [0] * (length - len(row)) for row in rows])


class Batches(Dataset[tuple[Batch, Tensor, Tensor]]):
    """Batch i of the run, rendered and tokenised, in whichever worker asks for it."""

    def __init__(self, seed: int, count: int, vocabulary: Vocabulary, pool: BackgroundPool) -> None:
        self.seed, self.count, self.vocabulary, self.pool = seed, count, vocabulary, pool

    def __len__(self) -> int:
        return 1_000_000

    def __getitem__(self, number: int) -> tuple[Batch, Tensor, Tensor]:
        made = batch(self.seed, number, self.count, SIZE, self.pool)
        rng = Random(f"unknown {self.seed} {number}")
        return made, self.vocabulary.encode(made.full, rng), self.vocabulary.encode(made.loose, rng)


class Heads(nn.Module):
    """Reads off the image tower's feature maps what is where; dropped after training."""

    def __init__(self, middle: int, last: int) -> None:
        super().__init__()
        self.middle = nn.Conv2d(middle, 192, 1)
        self.last = nn.Conv2d(last, 192, 1)
        self.cells = nn.Sequential(nn.BatchNorm2d(192), nn.ReLU(), nn.Conv2d(192, 1 + len(kind_numbers()), 1))
        self.place = nn.Linear(last, len(background_names()))
        self.number = nn.Linear(CONFIG["embed_dim"], MOST)
        self.facts = nn.Linear(CONFIG["embed_dim"], len(fact_numbers()))
        nn.init.constant_(self.facts.bias, -4.5)  # about three facts in 360 are true of a picture

    def forward(self, middle: Tensor, last: Tensor, embedding: Tensor, truth: Batch) -> Tensor:
        """Return the summed loss against the truth."""
        last_up = functional.interpolate(self.last(last).float(), size=(GRID, GRID), mode="bilinear")
        cells = self.cells(self.middle(middle).float() + last_up)
        target = torch.from_numpy(truth.cells)
        weight = torch.ones(cells.shape[1])
        weight[0] = 0.15  # most cells show nothing
        facts = functional.binary_cross_entropy_with_logits(
            self.facts(embedding).float(), torch.from_numpy(truth.shown), reduction="sum"
        )
        return (
            2 * functional.cross_entropy(cells.float(), target, weight)
            + 0.3
            * functional.cross_entropy(self.place(last.mean((2, 3))).float(), torch.from_numpy(truth.places))
            + 0.3 * functional.cross_entropy(self.number(embedding).float(), torch.from_numpy(truth.number))
            + 0.2 * facts / len(target)
        )


def encode_text(model: CLIP, tokens: Tensor) -> Tensor:
    """Embed tokens cut to their longest text: what follows the end changes nothing, and costs."""
    length = tokens.shape[1]
    x = model.token_embedding(tokens) + model.positional_embedding[:length]
    x = model.transformer(x, attn_mask=model.attn_mask[:length, :length])
    x = model.ln_final(x)[torch.arange(len(x)), tokens.argmax(1)]
    return functional.normalize((x @ model.text_projection).float(), dim=-1)


def contrast(images: Tensor, texts: Tensor, scale: Tensor, fits: Tensor | None) -> Tensor:
    """CLIP's loss; where `fits` (texts, pictures) says so a text is true of another picture too."""
    logits = scale * texts @ images.T
    if fits is not None:
        logits = logits.masked_fill(fits, -1e4)
    target = torch.arange(len(images))
    return (functional.cross_entropy(logits, target) + functional.cross_entropy(logits.T, target)) / 2


def also_fits(truth: Batch) -> Tensor:
    """Return bool (n, n): loose caption i is true of picture j as well, and i isn't j."""
    asked, shown = torch.from_numpy(truth.asked), torch.from_numpy(truth.shown)
    fits = asked @ shown.T >= asked.sum(1, keepdim=True) - 0.5
    fits &= ~torch.from_numpy(truth.exact)[:, None]
    return fits & ~torch.eye(len(fits), dtype=torch.bool)


class Training:
    """A run: model, heads, optimiser, averaged weights and where it stands, kept in a folder."""

    def __init__(self, folder: Path, config: dict[str, Any], rate: float) -> None:
        self.folder = folder
        self.step, self.seconds, self.seen = 0, 0.0, 0
        state = torch.load(folder / "last.pt", weights_only=True) if (folder / "last.pt").exists() else None
        self.vocabulary = Vocabulary(state["tokens"]) if state else Vocabulary.collect()
        self.config = state["config"] if state else config
        text = {**self.config["text_cfg"], "vocab_size": self.vocabulary.size}
        self.model = CLIP(**{**self.config, "text_cfg": text})
        self.maps: dict[str, Tensor] = {}
        channels = self._watch()
        self.heads = Heads(*channels)
        modules = nn.ModuleList([self.model, self.heads]).to(memory_format=torch.channels_last)
        named = [(n, p) for n, p in modules.named_parameters() if p.requires_grad]
        plain = [p for n, p in named if p.ndim < 2 or "positional" in n]
        decayed = [p for n, p in named if not (p.ndim < 2 or "positional" in n)]
        self.parameters = [p for _, p in named]
        self.optimizer = torch.optim.AdamW(
            [{"params": decayed, "weight_decay": 0.05}, {"params": plain, "weight_decay": 0.0}],
            lr=rate, betas=(0.9, 0.98), fused=True,
        )  # fmt: skip
        self.rate = rate
        self.average = {k: v.detach().clone() for k, v in self.model.state_dict().items()}
        if state:
            self.model.load_state_dict(state["model"])
            self.heads.load_state_dict(state["heads"])
            self.optimizer.load_state_dict(state["optimizer"])
            self.average = state["average"]
            self.step, self.seconds, self.seen = state["step"], state["seconds"], state["seen"]
            torch.set_rng_state(state["rng"])

    def _watch(self) -> tuple[int, int]:
        """Keep the feature maps at 1/16 and 1/32 of the picture; return their channels."""
        visual = self.model.visual
        if hasattr(visual, "trunk"):
            layers = visual.trunk.stages if hasattr(visual.trunk, "stages") else None
            middle, last = (layers[-2], layers[-1]) if layers else (visual.trunk.layer3, visual.trunk.layer4)
        else:
            middle, last = visual.layer3, visual.layer4
        middle.register_forward_hook(lambda _m, _i, out: self.maps.update(middle=out))
        last.register_forward_hook(lambda _m, _i, out: self.maps.update(last=out))
        with torch.no_grad():
            self.model.visual(torch.zeros(2, 3, SIZE, SIZE))
        return self.maps["middle"].shape[1], self.maps["last"].shape[1]

    def save(self) -> None:
        """Write everything needed to go on, whole or not at all."""
        state = {
            "model": self.model.state_dict(), "heads": self.heads.state_dict(),
            "optimizer": self.optimizer.state_dict(), "average": self.average,
            "step": self.step, "seconds": self.seconds, "seen": self.seen,
            "rng": torch.get_rng_state(), "tokens": self.vocabulary.used, "config": self.config,
        }  # fmt: skip
        temporary = self.folder / "last.pt.new"
        torch.save(state, temporary)
        os.replace(temporary, self.folder / "last.pt")

    def train(self, minutes: float, count: int, seed: int, workers: int) -> None:
        """Train until the minutes are used up, all earlier sittings counted in."""
        pool = BackgroundPool(2 * SIZE, 40, seed)
        data = Batches(seed, count, self.vocabulary, pool)
        loader = DataLoader(
            data, batch_size=None, sampler=range(self.step, len(data)),
            num_workers=workers, prefetch_factor=3, worker_init_fn=lambda _: os.nice(2) and None,
        )  # fmt: skip
        mean, std = torch.tensor(MEAN).view(1, 3, 1, 1), torch.tensor(STD).view(1, 3, 1, 1)
        self.model.train()
        self.heads.train()
        before, begun, saved, totals = self.seconds, time.monotonic(), time.monotonic(), np.zeros(4)
        for truth, full, loose in loader:
            note = self.folder / "minutes"
            if note.exists():
                minutes = float(note.read_text())
            done = min(1.0, self.seconds / 60 / minutes)
            rate = self.rate * min(1.0, (self.step + 1) / WARM_UP) * 0.5 * (1 + math.cos(math.pi * done))
            for group in self.optimizer.param_groups:
                group["lr"] = rate
            pixels = torch.from_numpy(truth.pixels).permute(0, 3, 1, 2)
            pixels = (pixels.float() / 255 - mean) / std
            with torch.autocast("cpu", torch.bfloat16):
                embedding = self.model.visual(pixels.contiguous(memory_format=torch.channels_last))
                images = functional.normalize(embedding.float(), dim=-1)
                described, said = encode_text(self.model, full), encode_text(self.model, loose)
                seen_loss = self.heads(self.maps["middle"], self.maps["last"], embedding, truth)
            scale = self.model.logit_scale.exp()
            sharp = contrast(images, described, scale, None)
            short = contrast(images, said, scale, also_fits(truth))
            loss = sharp + short + (1 - 0.9 * done) * seen_loss
            loss.backward()
            nn.utils.clip_grad_norm_(self.parameters, 5.0)
            self.optimizer.step()
            self.optimizer.zero_grad()
            with torch.no_grad():
                self.model.logit_scale.clamp_(0, np.log(100))
                self._follow()
            hit = (described @ images.T).argmax(1).eq(torch.arange(count)).float().mean()
            totals += [sharp.item(), short.item(), seen_loss.item(), hit.item()]
            self.step += 1
            self.seen += count
            self.seconds = before + time.monotonic() - begun
            if self.step % 20 == 0:
                means = (totals / 20).tolist()
                line = f"step {self.step} {self.seconds / 60:.1f} min {self.seen} seen lr {rate:.5f}"
                names = ("full", "loose", "seeing", "r@1")
                losses = " ".join(f"{name} {mean_:.3f}" for name, mean_ in zip(names, means, strict=True))
                print(line, losses, f"scale {scale.item():.1f} {self.seen / self.seconds:.0f}/s", flush=True)
                totals[:] = 0
            if time.monotonic() - saved > 120 or done >= 1:
                self.save()
                saved = time.monotonic()
            if done >= 1:
                return

    def _follow(self) -> None:
        """Move the averaged weights a step towards the weights; early steps are forgotten fast."""
        keep = min(AVERAGE, (1 + self.step) / (10 + self.step))
        for name, value in self.model.state_dict().items():
            if value.is_floating_point():
                self.average[name].lerp_(value, 1 - keep)
            else:
                self.average[name].copy_(value)


def export(run: Path, folder: Path) -> None:
    """Write open_clip_config.json and float16 open_clip_model.safetensors from the averaged weights."""
    state = torch.load(run / "last.pt", weights_only=True)
    vocabulary = Vocabulary(state["tokens"])
    weights = dict(state["average"])
    rows = weights["token_embedding.weight"]
    table = rows[1].repeat(VOCABULARY, 1)  # every token that captions never use is "unknown"
    for token, number in vocabulary.number.items():
        table[token] = rows[number]
    table[0] = rows[0]
    weights["token_embedding.weight"] = table
    model = CLIP(**state["config"])
    model.load_state_dict(weights)
    half = {
        name: value.half().contiguous() if value.is_floating_point() else value.contiguous()
        for name, value in model.state_dict().items()
    }
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / "open_clip_model.safetensors.new"
    save_file(half, temporary, metadata={"format": "pt"})
    temporary.chmod(0o644)  # safetensors writes for the owner alone
    os.replace(temporary, folder / "open_clip_model.safetensors")
    config = {"model_cfg": state["config"], "preprocess_cfg": PREPROCESS}
    (folder / "open_clip_config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    print(f"step {state['step']}, {state['seen']} scenes seen, {state['seconds'] / 60:.0f} min -> {folder}")


def main() -> None:
    """Read the arguments; train or export."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path, help="folder of the run: checkpoints")
    parser.add_argument("--minutes", type=float, default=90, help="when the schedule ends")
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--rate", type=float, default=2e-3, help="highest learning rate")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=1, help="processes that render")
    parser.add_argument("--config", type=Path, help="another model's model_cfg, as JSON")
    parser.add_argument("--export", type=Path, metavar="DIR", help="write the run's weights to DIR")
    arguments = parser.parse_args()
    arguments.run.mkdir(parents=True, exist_ok=True)
    if arguments.export:
        export(arguments.run, arguments.export)
        return
    torch.manual_seed(arguments.seed)
    config = json.loads(arguments.config.read_text()) if arguments.config else CONFIG
    training = Training(arguments.run, config, arguments.rate)
    training.train(arguments.minutes, arguments.batch, arguments.seed, arguments.workers)


if __name__ == "__main__":
    main()
