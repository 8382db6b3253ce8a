"""A training run: model, heads, optimiser, averaged weights and where it stands, kept in a folder."""

import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from open_clip.model import CLIP
from torch import Tensor, nn
from torch.nn import functional

from data.photographs import PhotoBatch
from training.batches import Step, Steps, from_step
from training.heads import Heads
from training.losses import also_fits, contrast, unified
from training.schedule import Schedule
from training.tower import MEAN, SIZE, STD, encode_text
from training.vocabulary import Vocabulary

AVERAGE = 0.998  # of the moving average of the weights, a step
SAVED_EVERY = 120  # s
PRINTED_EVERY = 20  # steps
LAST, WARM = "last.pt", "warm.pt"  # where the run stands; where it stood when it began to cool


class Training:
    """All of a run's state, as new, as another run left it, or as this one did."""

    def __init__(self, folder: Path, config: dict[str, Any], vocabulary: Vocabulary) -> None:
        self.folder, self.config, self.vocabulary = folder, config, vocabulary
        self.step, self.seconds, self.seen = 0, 0.0, 0
        text = {**config["text_cfg"], "vocab_size": vocabulary.size}
        self.model = CLIP(**{**config, "text_cfg": text})
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
            betas=(0.9, 0.98), fused=True,
        )  # fmt: skip
        self.average = {k: v.detach().clone() for k, v in self.model.state_dict().items()}

    @classmethod
    def resumed(cls, folder: Path) -> "Training":
        """Go on exactly where the run in `folder` stood."""
        state = torch.load(folder / LAST, weights_only=True)
        training = cls(folder, state["config"], Vocabulary(state["tokens"]))
        training.model.load_state_dict(state["model"])
        training.heads.load_state_dict(state["heads"])
        training.optimizer.load_state_dict(state["optimizer"])
        training.average = state["average"]
        training.step, training.seconds, training.seen = state["step"], state["seconds"], state["seen"]
        torch.set_rng_state(state["rng"])
        return training

    def start_from(self, folder: Path) -> None:
        """Take the averaged weights and the heads of another run, whose vocabulary may be smaller."""
        state = torch.load(folder / LAST, weights_only=True)
        weights = dict(state["average"])
        rows = self.vocabulary.rows(Vocabulary(state["tokens"]), weights["token_embedding.weight"])
        weights["token_embedding.weight"] = rows
        self.model.load_state_dict(weights)
        self.heads.load_state_dict(state["heads"])
        self.average = {k: v.detach().clone() for k, v in self.model.state_dict().items()}

    def save(self, name: str = LAST) -> None:
        """Write everything needed to go on, whole or not at all."""
        state = {
            "model": self.model.state_dict(), "heads": self.heads.state_dict(),
            "optimizer": self.optimizer.state_dict(), "average": self.average,
            "step": self.step, "seconds": self.seconds, "seen": self.seen,
            "rng": torch.get_rng_state(), "tokens": self.vocabulary.used, "config": self.config,
        }  # fmt: skip
        temporary = self.folder / f"{name}.new"
        torch.save(state, temporary)
        os.replace(temporary, self.folder / name)

    def train(self, steps: Steps, schedule: Schedule, workers: int) -> None:
        """Train until the schedule's steps are done, all earlier sittings counted in."""
        self.model.train()
        self.heads.train()
        names = ("full", "loose", "seeing", "r@1", *(("photos", "right") if steps.mixture else ()))
        saved, told = time.monotonic(), list[list[float]]()
        cooled = schedule.cools(self.step)
        coming = from_step(steps, self.step, workers)
        while (done := schedule.done(self.step)) < 1:
            if not cooled and schedule.cools(self.step):
                self.save(WARM)
            cooled = schedule.cools(self.step)
            schedule.wait()
            begun = time.monotonic()
            rate = schedule.rate(self.step)
            told.append(self._move(next(coming), rate, schedule.seeing * (1 - 0.9 * done), schedule.photos))
            self.seconds += time.monotonic() - begun
            if self.step % PRINTED_EVERY == 0:
                means = zip(names, np.mean(told, axis=0), strict=True)
                figures = " ".join(f"{name} {value:.3f}" for name, value in means)
                print(
                    f"step {self.step} {self.seconds / 60:.1f} min {self.seen} seen lr {rate:.5f} {figures} "
                    f"scale {self.model.logit_scale.exp().item():.1f} {self.seen / self.seconds:.0f}/s",
                    flush=True,
                )
                told.clear()
            if time.monotonic() - saved > SAVED_EVERY:
                self.save()
                saved = time.monotonic()
        self.save()

    def _move(self, made: Step, rate: float, seeing: float, weight: float) -> list[float]:
        """Move the weights one step; return the losses and how often scenes and photographs were found."""
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        count = len(made.scenes.pixels)
        with torch.autocast("cpu", torch.bfloat16):
            embedding = self.model.visual(_pixels(made))
            images = functional.normalize(embedding.float(), dim=-1)
            described, said = encode_text(self.model, made.full), encode_text(self.model, made.loose)
            shown = [self.maps["middle"][:count], self.maps["last"][:count], embedding[:count]]
            seen_loss = self.heads(*shown, made.scenes)
        scale = self.model.logit_scale.exp()
        scenes = images[:count]
        sharp = contrast(scenes, described, scale, None)
        short = contrast(scenes, said, scale, also_fits(made.scenes))
        hit = (described @ scenes.T).argmax(1).eq(torch.arange(count)).float().mean()
        loss = sharp + short + seeing * seen_loss
        figures = [sharp, short, seen_loss, hit]
        if made.photos is not None:
            photos, right = self._photos(images[count:], made, made.photos, scale)
            loss = loss + weight * photos
            figures += [photos, right]
        loss.backward()
        nn.utils.clip_grad_norm_(self.parameters, 5.0)
        self.optimizer.step()
        self.optimizer.zero_grad()
        with torch.no_grad():
            self.model.logit_scale.clamp_(0, np.log(100))
            self._follow()
        self.step += 1
        self.seen += len(images)
        return [figure.item() for figure in figures]

    def _photos(self, images: Tensor, made: Step, photos: PhotoBatch, scale: Tensor) -> tuple[Tensor, Tensor]:
        """Return the photographs' loss, and how often the right concept among its set's is the nearest."""
        with torch.autocast("cpu", torch.bfloat16):
            texts = [encode_text(self.model, each) for each in (made.labels, made.captions) if len(each)]
        target, rivals = torch.from_numpy(photos.target), torch.from_numpy(photos.rivals)
        concepts = torch.cat(texts)
        scores = (images @ concepts.T).detach().masked_fill(~rivals, -1)
        right = scores.argmax(1).eq(target).float().mean()
        return unified(images, concepts, target, rivals, scale), right

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

    def _follow(self) -> None:
        """Move the averaged weights a step towards the weights; early steps are forgotten fast."""
        keep = min(AVERAGE, (1 + self.step) / (10 + self.step))
        for name, value in self.model.state_dict().items():
            if value.is_floating_point():
                self.average[name].lerp_(value, 1 - keep)
            else:
                self.average[name].copy_(value)


def _pixels(made: Step) -> Tensor:
    """Return scenes, then photographs in another light, normalised: float32 (n, 3, S, S)."""
    scenes = torch.from_numpy(made.scenes.pixels).permute(0, 3, 1, 2).float() / 255
    together = [scenes]
    if made.photos is not None:
        photos = torch.from_numpy(made.photos.pixels).permute(0, 3, 1, 2).float() / 255
        contrast_, brightness, saturation = torch.from_numpy(made.photos.light).T[..., None, None, None]
        photos = photos * brightness
        grey = photos.mean(1, keepdim=True)
        photos = grey + (photos - grey) * saturation
        middle = photos.mean((1, 2, 3), keepdim=True)
        together.append((middle + (photos - middle) * contrast_).clamp_(0, 1))
    mean, std = torch.tensor(MEAN).view(1, 3, 1, 1), torch.tensor(STD).view(1, 3, 1, 1)
    pixels = (torch.cat(together) - mean) / std
    return pixels.contiguous(memory_format=torch.channels_last)
