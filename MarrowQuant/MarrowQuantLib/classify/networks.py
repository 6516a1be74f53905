"""Small networks over the bodies of one patient, and their training. Needs torch, which is imported when a function is called.

``lenet`` has the layers of LeNet-5 (LeCun 1998, Proc IEEE 86:2278) for the patch's size, as the published study used; ``small`` is a
convolution and two stages with batch normalisation and skipped connections (He 2016, CVPR), averaged over the picture, and has no weight
from elsewhere; ``densenet`` is MONAI's DenseNet (Huang 2017, CVPR; Cardoso 2022, arXiv:2211.02701) with two blocks of two layers. In all a
gated attention (Ilse 2018, ICML, arXiv:1802.04712) weighs the bodies, so that a patient is one case. Widths,
steps and augmentation are our choice.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

KINDS = ("lenet", "small", "densenet")
EPOCHS, PATIENCE, BATCH = 24, 8, 12
_RATE, _DECAY = 3e-3, 2e-2
_BODY_LOSS = 0.5  # of each body's own answer, beside the patient's
_SHIFT = 2


def device() -> Any:
    """A GPU if there is one."""
    import torch

    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


@cache
def _modules() -> tuple[Any, Any]:
    """The classes of a network with attention and of a stage with a skipped connection, which need torch to be defined."""
    import torch
    from torch import nn

    class Attention(nn.Module):
        """Weighs the features of the bodies of a patient and answers with log odds."""

        def __init__(self, encoder: Any, features: int) -> None:
            super().__init__()
            self.encoder = encoder
            self.tanh, self.gate = nn.Linear(features, 16), nn.Linear(features, 16)
            self.weight, self.answer = nn.Linear(16, 1), nn.Linear(features, 1)

        def bodies(self, x: Any) -> tuple[Any, Any]:
            """Log odds and unnormalised attention of each body, both shape (bodies,), from (bodies, channels, rows, columns)."""
            h = self.encoder(x)
            score = self.weight(torch.tanh(self.tanh(h)) * torch.sigmoid(self.gate(h)))
            return self.answer(h)[:, 0], score[:, 0]

        def forward(self, x: Any) -> tuple[Any, Any]:
            """One patient: log odds, shape (1,), and the attention of each body, which sums to one."""
            answers, scores = self.bodies(x)
            weights = torch.softmax(scores, dim=0)
            return (weights * answers).sum().reshape(1), weights

    class Stage(nn.Module):
        """Two convolutions beside a skipped connection."""

        def __init__(self, before: int, after: int) -> None:
            super().__init__()
            self.first, self.second = nn.Conv2d(before, after, 3, padding=1), nn.Conv2d(after, after, 3, padding=1)
            self.norms = nn.ModuleList([nn.BatchNorm2d(after), nn.BatchNorm2d(after)])
            self.short = nn.Conv2d(before, after, 1)

        def forward(self, x: Any) -> Any:
            y = torch.relu(self.norms[0](self.first(x)))
            return torch.relu(self.norms[1](self.second(y)) + self.short(x))

    return Attention, Stage


def build(kind: str, channels: int, pixels: int) -> Any:
    """A network of one of ``KINDS``, untrained: a module that answers for one patient with log odds, shape (1,), and attention."""
    from torch import nn

    attention, stage = _modules()
    if kind == "lenet":
        side = ((pixels - 4) // 2 - 4) // 2
        encoder = nn.Sequential(
            nn.Conv2d(channels, 6, 5), nn.ReLU(), nn.AvgPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.AvgPool2d(2), nn.Flatten(),
            nn.Linear(16 * side * side, 120), nn.ReLU(), nn.Dropout(0.3), nn.Linear(120, 84), nn.ReLU(),
        )  # fmt: skip
        return attention(encoder, 84)
    if kind == "densenet":
        from monai.networks.nets import DenseNet

        return attention(DenseNet(2, channels, 24, init_features=12, growth_rate=8, block_config=(2, 2), bn_size=2, dropout_prob=0.1), 24)
    encoder = nn.Sequential(
        nn.Conv2d(channels, 12, 5, stride=2, padding=2), nn.BatchNorm2d(12), nn.ReLU(), stage(12, 16), nn.MaxPool2d(2), stage(16, 24),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.1),
    )  # fmt: skip
    return attention(encoder, 24)


@dataclass(frozen=True)
class Stack:
    """Pictures of patients as tensors: (bodies of all patients, channels, rows, columns), and the patient of each body."""

    pictures: Any
    owner: Any
    outcome: Any

    @classmethod
    def of(cls, pictures: Sequence[np.ndarray], outcome: np.ndarray, mean: np.ndarray, sd: np.ndarray) -> Stack:
        """From one array (bodies, channels, rows, columns) a patient, standardised by channel."""
        import torch

        scaled = [(patient - mean[:, None, None]) / sd[:, None, None] for patient in pictures]
        owner = np.concatenate([np.full(len(patient), n) for n, patient in enumerate(pictures)])
        where = device()
        return cls(
            torch.from_numpy(np.concatenate(scaled).astype(np.float32)).to(where),
            torch.from_numpy(owner).to(where),
            torch.from_numpy(outcome.astype(np.float32)).to(where),
        )


def answers(network: Any, x: Any, owner: Any, n: int) -> tuple[Any, Any]:
    """Log odds of each of ``n`` patients and of each body."""
    import torch

    each, score = network.bodies(x)
    weight = torch.exp(score - score.max())
    total = torch.zeros(n, device=x.device).index_add(0, owner, weight)
    return torch.zeros(n, device=x.device).index_add(0, owner, weight * each) / total, each


def train(kind: str, training: Stack, watched: Stack, seed: int, epochs: int = EPOCHS) -> Any:
    """Train one network; the state with the smallest loss on the watched patients is kept, and training ends when that no longer falls.

    Parameters
    ----------
    kind : {"lenet", "small", "densenet"}
    training, watched : Stack
        Patients that are learned from, and others of the same training fold.
    seed : int
        On one machine the same seed gives the same network.
    epochs : int
    """
    import torch

    torch.manual_seed(seed)
    if device().type == "cpu":
        torch.use_deterministic_algorithms(True)
    network = build(kind, training.pictures.shape[1], training.pictures.shape[2]).to(training.pictures.device)
    network.train()
    optimiser = torch.optim.AdamW(network.parameters(), lr=_RATE / 3 if kind == "lenet" else _RATE, weight_decay=_DECAY)
    steps = max(1, -(-len(training.outcome) // BATCH))
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, epochs * steps)
    generator = torch.Generator().manual_seed(seed)
    best, kept, since = np.inf, {k: v.clone() for k, v in network.state_dict().items()}, 0
    share = training.outcome.mean().clamp(0.1, 0.9)
    loss = torch.nn.BCEWithLogitsLoss(pos_weight=(1.0 - share) / share)
    for _ in range(epochs):
        network.train()
        for batch in torch.randperm(len(training.outcome), generator=generator).split(BATCH):
            x, owner = _drawn(training, batch, generator)
            told, each = answers(network, x, owner, len(batch))
            truth = training.outcome[batch.to(training.outcome.device)]
            value = loss(told, truth) + _BODY_LOSS * loss(each, truth[owner])
            optimiser.zero_grad()
            value.backward()
            optimiser.step()
            schedule.step()
        seen = _loss(network, watched)
        if seen < best - 1e-4:
            best, kept, since = seen, {k: v.clone() for k, v in network.state_dict().items()}, 0
        else:
            since += 1
            if since >= PATIENCE:
                break
    network.load_state_dict(kept)
    return network.eval()


def _drawn(training: Stack, batch: Any, generator: Any) -> tuple[Any, Any]:
    """The bodies of some patients, mirrored, moved and made a little brighter or darker at random."""
    import torch

    place = {int(n): m for m, n in enumerate(batch)}
    rows = [n for n, owner in enumerate(training.owner.tolist()) if owner in place]
    x = training.pictures[rows]
    owner = torch.tensor([place[int(training.owner[n])] for n in rows], device=x.device)
    for axis in (2, 3):
        mirrored = torch.rand(len(x), generator=generator) < 0.5
        x = torch.where(mirrored[:, None, None, None].to(x.device), x.flip(axis), x)
    shifts = torch.randint(-_SHIFT, _SHIFT + 1, (2,), generator=generator).tolist()
    gain = 1.0 + 0.05 * torch.randn(len(x), 1, 1, 1, generator=generator)
    return torch.roll(x, shifts, (2, 3)) * gain.to(x.device), owner


def _loss(network: Any, stack: Stack) -> float:
    import torch

    network.eval()
    with torch.no_grad():
        told, each = answers(network, stack.pictures, stack.owner, len(stack.outcome))
        loss = torch.nn.functional.binary_cross_entropy_with_logits
        return float(loss(told, stack.outcome) + _BODY_LOSS * loss(each, stack.outcome[stack.owner]))


def log_odds(network: Any, stack: Stack) -> np.ndarray:
    """Of every patient, shape (patients,)."""
    import torch

    with torch.no_grad():
        return answers(network, stack.pictures, stack.owner, len(stack.outcome))[0].cpu().numpy().astype(float)


def write_onnx(network: Any, path: Path, channels: int, pixels: int) -> None:
    """Write a network as ONNX: input ``patches`` (bodies, channels, rows, columns), standardised; output ``log_odds``, ``attention``."""
    import torch

    network = network.cpu().eval()
    example = torch.zeros(5, channels, pixels, pixels)
    axes: Any = {"patches": {0: "bodies"}, "attention": {0: "bodies"}}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch announces its newer exporter, which needs a package more
        torch.onnx.export(
            network,
            (example,),
            str(path),
            dynamo=False,
            opset_version=17,
            input_names=["patches"],
            output_names=["log_odds", "attention"],
            dynamic_axes=axes,
        )
