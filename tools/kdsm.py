"""K-DSM in PyTorch: denoising score matching at one level of noise, its size chosen by feature.

V. Livernoche, J. Zan and R. Rabbany, "Kurtosis-Guided Denoising Score Matching for Tabular Anomaly
Detection", arXiv 2605.06955 (2026). Written here from the description; no code is copied.

From the paper: one level of noise, whose sigma for a feature grows with the kurtosis of that
feature, and the norm of what the network says about an event without noise as the score.
From the program that its authors published (github.com/vicliv/K-DSM, its defaults), as the abstract
gives no numbers: all constants below, the kurtosis of values rearranged about the mode, the
residual network, Adam with weight decay, three noisy copies of a row, the noise over sigma as the
target, features of values -1, 0 and 1 alone left as they are.
Our choices: a bound on the steps, where one is asked for; a value at the upper edge of the
histogram belongs to its last bin; sets of fewer than 1,000 rows are not filled up with copies,
as the authors' program does before it takes training rows from them.
"""

import math

import numpy as np
import torch

SIGMA_OF_A_GAUSSIAN = 0.5
SIGMA_LEAST, SIGMA_MOST = 0.1, 3.0
# By how much sigma grows with the kurtosis: sigma = 0.5 (1 + 0.33 (kurtosis - 3)).
SLOPE = 0.33
KURTOSIS_OF_FEW_VALUES = 1.8
# The share of values that is left out, half of it at each end, before the kurtosis is taken.
TRIMMED = 0.04
BINS = 200

BLOCKS, WIDTH = 6, 512
DROPOUT_FIRST, DROPOUT_SECOND = 0.2, 0.1
EPOCHS, BATCH, COPIES = 500, 128, 3
LEARNING_RATE, WEIGHT_DECAY = 5e-4, 5e-5


def has_few_values(values):
    return bool(np.isin(values, (-1, 0, 1)).all())


def kurtosis_about_the_mode(values):
    """The kurtosis of the places 0, 1, -1, 2, ... of the values' bins in order of frequency."""
    if has_few_values(values):
        return KURTOSIS_OF_FEW_VALUES
    if np.ptp(values) <= 1e-9 * np.abs(values).max():
        return math.inf
    counts, edges = np.histogram(values, BINS)
    place = np.empty(BINS)
    order = np.arange(BINS)
    place[np.argsort(-counts, kind="stable")] = (order + 1) // 2 * np.where(order % 2, 1, -1)
    bins = np.clip(np.searchsorted(edges, values, "right") - 1, 0, BINS - 1)
    centred = place[bins] - place[bins].mean()
    variance = (centred**2).mean()
    return float((centred**4).mean() / variance**2) if variance > 0 else math.inf


def noise_sizes(rows):
    """Sigma of each feature of training rows (N, D), between 0.1 and 3."""
    cut = int(len(rows) * TRIMMED / 2)
    kept = np.sort(rows, axis=0)[cut:len(rows) - cut]
    kurtosis = np.array([kurtosis_about_the_mode(column) for column in kept.T])
    return np.clip(SIGMA_OF_A_GAUSSIAN * (1 + SLOPE * (kurtosis - 3)), SIGMA_LEAST, SIGMA_MOST)


class Network(torch.nn.Module):
    def __init__(self, features):
        super().__init__()
        nn = torch.nn
        self.first = nn.Linear(features, WIDTH)
        self.blocks = nn.ModuleList(nn.Sequential(
            nn.BatchNorm1d(WIDTH), nn.Linear(WIDTH, WIDTH), nn.ReLU(), nn.Dropout(DROPOUT_FIRST),
            nn.Linear(WIDTH, WIDTH), nn.Dropout(DROPOUT_SECOND)) for _ in range(BLOCKS))
        self.last = nn.Sequential(nn.BatchNorm1d(WIDTH), nn.ReLU(), nn.Linear(WIDTH, features))

    def forward(self, rows):
        hidden = self.first(rows)
        for block in self.blocks:
            hidden = hidden + block(hidden)
        return self.last(hidden)


class Detector:
    """Learns from training rows (N, D) as they are, and scores rows; `steps` of `all_steps` were
    done."""

    def __init__(self, train, most_steps=None, seed=0):
        train = train.astype(np.float64)
        self.mean, self.spread = train.mean(0), train.std(0)
        self.spread[self.spread <= 1e-6 * np.maximum(np.abs(self.mean), 1e-6)] = 1
        few = np.array([has_few_values(column) for column in train.T])
        self.mean[few], self.spread[few] = 0, 1
        rows = (train - self.mean) / self.spread
        self.sigma = noise_sizes(rows)
        self.all_steps = EPOCHS * math.ceil(len(rows) / BATCH)
        self.steps = min(self.all_steps, most_steps or self.all_steps)
        torch.manual_seed(seed)
        self.network = Network(rows.shape[1])
        self._learn(torch.from_numpy(rows).float(), torch.from_numpy(self.sigma).float())

    def _learn(self, rows, sigma):
        optimiser = torch.optim.Adam(self.network.parameters(), lr=LEARNING_RATE,
                                     weight_decay=WEIGHT_DECAY, fused=True)
        self.network.train()
        batches = iter(())
        for _ in range(self.steps):
            batch = next(batches, None)
            if batch is None:
                batches = iter(torch.randperm(len(rows)).split(BATCH))
                batch = next(batches)
            seen = rows[batch].repeat(COPIES, 1)
            noise = torch.randn_like(seen)
            optimiser.zero_grad()
            loss = (self.network(seen + sigma * noise) + noise).square().sum(1).mean() / 2
            loss.backward()
            optimiser.step()
        self.network.eval()

    @torch.no_grad()
    def score(self, rows):
        """The norm of what the network says, (N,)."""
        known = torch.from_numpy((rows.astype(np.float64) - self.mean) / self.spread).float()
        return torch.cat([self.network(part).norm(dim=1) for part in known.split(1_000)]).numpy()
