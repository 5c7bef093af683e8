"""The part `train`: steps a second of the same training, in Tamis and in PyTorch, in turn."""

import json
import os
import subprocess
import sys
import time

import numpy as np

from bench_peers import figures, machine, processes

EVENTS_MAX = 50_000
WARM_UP_STEPS = 20
# The recipe of `tamis train`, docs/method-training.md.
BATCH, HIDDEN, BLOCKS, LEVELS, SIGMA_MAX, SIGMA_MIN, RATE = 512, 256, 3, 10, 5.0, 0.01, 1e-3
TAMIS, PLAIN, FUSED = "Tamis", "PyTorch", "PyTorch, fused Adam"


def measure(options, folder):
    events = os.path.join(folder, "events.npy")
    np.save(events, np.load(options.events, mmap_mode="r")[:EVENTS_MAX].astype(np.float32))
    available = sorted(os.sched_getaffinity(0))
    counts = [each for each in options.threads if each <= len(available)]
    rates = {name: {each: [] for each in counts} for name in (TAMIS, PLAIN, FUSED)}
    missing = {}
    busy = []
    for round_number in range(options.rounds):
        busy.append(machine.busy_share(available))
        for threads in counts:
            # The measured processor first, then others.
            bound = sorted(available, key=lambda each: each != options.processor)[:threads]
            processes.say(f"train: round {round_number + 1} of {options.rounds}, {threads} threads")
            for name in rates:
                if name in missing:
                    continue
                try:
                    rate = (tamis_rate(options, events, folder, threads, bound) if name == TAMIS
                            else torch_rate(options, events, threads, bound, name == FUSED))
                    rates[name][threads].append(rate)
                except RuntimeError as fault:
                    if name == TAMIS:
                        raise
                    missing[name] = str(fault)
    return {"rounds": options.rounds, "steps": options.steps, "missing": missing,
            "busy_with_others": busy,
            "threads": counts,
            "steps_per_second": {name: {str(each): figures.summary(values)
                                        for each, values in by_threads.items()}
                                 for name, by_threads in rates.items() if name not in missing}}


def run(arguments, bound, **options):
    process = processes.start(arguments, ",".join(map(str, bound)), stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, **options)
    said, complaint = process.communicate()
    if process.returncode:
        lines = complaint.strip().splitlines() or [f"exit status {process.returncode}"]
        raise RuntimeError(lines[-1][:200])
    return said


def tamis_rate(options, events, folder, threads, bound):
    """The wall time is that of the training alone, with the fit of the standardiser."""
    model = os.path.join(folder, "model.safetensors")
    run([options.tamis, "train", "--background", events, "--out", model, "--steps", options.steps,
         "--threads", threads, "--noise-levels", 10, "--hidden", 256, "--batch", 512,
         "--distance", "none", "--force"], bound)
    with open(f"{model}.training.json") as file:
        return options.steps / json.load(file)["wall_seconds"]


def torch_rate(options, events, threads, bound, is_fused):
    return float(run([sys.executable, "-m", "bench_peers.training", events, options.steps, threads,
                      int(is_fused)], bound, env={"OMP_NUM_THREADS": str(threads)}))


def torch_steps(events, steps, threads, is_fused):
    """Steps a second of the loop of `tamis train`, after some steps that do not count."""
    import torch
    from torch import nn

    torch.set_num_threads(threads)
    torch.manual_seed(1)

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.dense = nn.Linear(HIDDEN, HIDDEN)

        def forward(self, hidden):
            return hidden + self.dense(nn.functional.silu(hidden))

    class Scorer(nn.Module):
        def __init__(self, features):
            super().__init__()
            self.embedding = nn.Embedding(LEVELS, HIDDEN)
            self.first = nn.Linear(features, HIDDEN)
            self.blocks = nn.Sequential(*(Block() for _ in range(BLOCKS)))
            self.last = nn.Linear(HIDDEN, features)

        def forward(self, noisy, levels):
            hidden = self.blocks(self.first(noisy) + self.embedding(levels))
            return self.last(nn.functional.silu(hidden))

    features = torch.from_numpy(np.load(events))
    features = (features - features.mean(0)) / features.std(0, correction=0)
    sigmas = torch.logspace(np.log10(SIGMA_MAX), np.log10(SIGMA_MIN), LEVELS)
    model = Scorer(features.shape[1])
    optimiser = torch.optim.Adam(model.parameters(), lr=RATE, fused=is_fused or None)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, WARM_UP_STEPS + steps)
    for step in range(WARM_UP_STEPS + steps):
        if step == WARM_UP_STEPS:
            start = time.perf_counter()
        rows = torch.randint(len(features), (BATCH,))
        levels = torch.randint(LEVELS, (BATCH,))
        noise = torch.randn(BATCH, features.shape[1])
        output = model(features[rows] + sigmas[levels, None] * noise, levels)
        loss = (output - noise).square().sum(1).mean()
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        schedule.step()
    return steps / (time.perf_counter() - start)


def report(result):
    rates = result["steps_per_second"]
    counts = [str(each) for each in result["threads"]]
    rows = [[name, *(figures.with_range(by_threads[each]) for each in counts),
             *("" if name == TAMIS else
               f"{rates[TAMIS][each]['median'] / by_threads[each]['median']:.2f}"
               for each in counts)]
            for name, by_threads in rates.items()]
    rows += [[name, *("" for _ in counts), *(f"not measured: {reason}" for _ in counts)]
             for name, reason in result["missing"].items()]
    head = ["steps/s, by threads", *counts, *(f"Tamis, times, {each}" for each in counts)]
    return f"{figures.table(head, rows)}\n\n{machine.quietness(result['busy_with_others'])}"


if __name__ == "__main__":
    path, steps, threads, is_fused = sys.argv[1:]
    print(torch_steps(path, int(steps), int(threads), is_fused == "1"))
