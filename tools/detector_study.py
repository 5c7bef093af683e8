#!/usr/bin/env python3
"""How well a training finds anomalies, level by level: the numbers of docs/detector-study.md.

usage:
  detector_study.py reference --work FOLDER [--seeds 1 2 3] [-- OPTIONS OF tamis train]
  detector_study.py collisions --data FOLDER --work FOLDER [-- OPTIONS OF tamis train]
  detector_study.py cost --work FOLDER [--data FOLDER] [--networks 2x128x20000 ...] [--markdown OUT]
  detector_study.py model --model M --background B --anomalies NAME=A ... --rate 1e-3
  detector_study.py views --data FOLDER --work FOLDER [-- OPTIONS OF tamis train]
  detector_study.py outputs --data FOLDER --work FOLDER [--seeds 1 2 3] [-- OPTIONS OF tamis train]
  detector_study.py unlike --background B.npy --out FOLDER [--log1p FEATURES] [--names N.json]
  detector_study.py quiet --work FOLDER [--seeds 1 2 3] [--shares 0 0.1 1] [-- OPTIONS OF tamis train]

Prints the true-positive rate at one false-positive rate for the model's own score, for each noise
level alone and for each three neighbouring levels (equal weights). Trains where FOLDER holds no
such model yet. `cost` trains each network (blocks x width x steps) on the reference physics and on
collisions, and makes a table of what one, two and three levels cost and find; all else is the
recipe of `tamis train`. `views` trains on collisions one network that sees logarithms and one that
sees square roots, and prints the rates of each and of their sums; norms are divided by their means
on background. `outputs` trains one network a seed on collisions, averages neighbours, and makes a
table of what other sums over their outputs find than the squared norm. `unlike` makes anomalies
from background alone, unlike any signal: displaced, swapped, shuffled and stretched events, and
events half-way between two. `quiet` gives shares of a rate of 1e-3 to a quiet working point, by
`tamis calibrate` and `tamis score`, and prints the rates on events that neither has seen.
--baselines adds Mahalanobis' distance, PCA, an autoencoder and others, and needs scikit-learn.
`tamis` is taken from TAMIS or from PATH.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

TAMIS = os.environ.get("TAMIS", "tamis")
SIGNALS = ["A_to_4l", "LQ_to_btau", "h0_to_tautau", "hpm_to_taunu", "Zprime_to_tt"]


def tamis(*arguments):
    subprocess.run([TAMIS, *map(str, arguments)], check=True, stdout=subprocess.DEVNULL)


def rate_found(background, anomalies, rate):
    """The share of anomalies above the background's quantile of 1 - rate."""
    return float((anomalies > np.quantile(background, 1 - rate)).mean())


def area(background, anomalies):
    """The area under the ROC curve: the share of pairs in the right order, ties as a half."""
    ordered = np.sort(background)
    below = np.searchsorted(ordered, anomalies, "left")
    not_above = np.searchsorted(ordered, anomalies, "right")
    return float((below + not_above).mean() / 2 / len(ordered))


def scores(model, events, *levels):
    """The model's own scores, or the squared norms of one level."""
    chosen = ["--levels", levels[0], "--weights", 1] if levels else []
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "scores.npy"
        tamis("score", "--model", model, "--input", events, "--scores", out, *chosen)
        return np.load(out)


def tensor(model, name):
    """One tensor of a model file."""
    with open(model, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        start, end = header[name]["data_offsets"]
        file.seek(start, os.SEEK_CUR)
        return np.frombuffer(file.read(end - start), "<f4").reshape(header[name]["shape"])


def sigmas(model):
    return tensor(model, "sigmas")


def study(model, background, anomalies, rate):
    """Rates for own score, single levels and neighbouring threes, one dictionary each."""
    levels = range(len(sigmas(model)))
    norms = {name: np.stack([scores(model, path, level) for level in levels], axis=1)
             for name, path in {"background": background, **anomalies}.items()}
    own = scores(model, background)
    result = {"own": {name: rate_found(own, scores(model, path), rate)
                      for name, path in anomalies.items()},
              "own, AUROC": {name: area(own, scores(model, path))
                             for name, path in anomalies.items()}}
    for level in levels:
        result[f"level {level}"] = rates_of(norms, slice(level, level + 1), rate)
    for level in levels[:-2]:
        result[f"levels {level} to {level + 2}"] = rates_of(norms, slice(level, level + 3), rate)
    return result


def rates_of(norms, chosen, rate):
    background = norms["background"][:, chosen].sum(axis=1)
    return {name: rate_found(background, values[:, chosen].sum(axis=1), rate)
            for name, values in norms.items() if name != "background"}


def baselines(training, background, anomalies, rate, clip=np.inf):
    """The same rates for what needs no score network, all on standardised features."""
    from sklearn.decomposition import PCA
    from sklearn.ensemble import IsolationForest
    from sklearn.mixture import GaussianMixture
    from sklearn.neural_network import MLPRegressor
    mean, spread = training.mean(0), training.std(0)
    spread[spread == 0] = 1

    def standardised(rows):
        return np.clip((rows - mean) / spread, -clip, clip)

    learnt = standardised(training)
    centre = learnt.mean(0)
    precision = np.linalg.pinv(np.cov(learnt.T))
    pca = PCA(8).fit(learnt)
    forest = IsolationForest(n_estimators=200, random_state=0).fit(learnt[:40_000])
    mixture = GaussianMixture(4, n_init=5, random_state=0).fit(learnt)
    network = MLPRegressor(
        hidden_layer_sizes=(128, 64, 8, 64, 128), batch_size=512, max_iter=15, tol=0,
        n_iter_no_change=99, random_state=0).fit(learnt, learnt)
    detectors = {
        "norm": lambda z: (z**2).sum(1),
        "Mahalanobis": lambda z: np.einsum("ij,jk,ik->i", z - centre, precision, z - centre),
        "PCA residual": lambda z: ((z - pca.inverse_transform(pca.transform(z))) ** 2).sum(1),
        "isolation forest": lambda z: -forest.score_samples(z),
        "Gaussian mixture": lambda z: -mixture.score_samples(z),
        "autoencoder": lambda z: ((network.predict(z) - z) ** 2).sum(1),
    }
    found = {}
    for name, detector in detectors.items():
        level = detector(standardised(background))
        found[name] = {key: rate_found(level, detector(standardised(rows)), rate)
                       for key, rows in anomalies.items()}
    return found


def show(title, rows):
    print(title)
    for name, rates in rows.items():
        values = list(rates.values())
        mean = np.exp(np.mean(np.log(np.maximum(values, 1e-9))))
        print(f"  {name:16s}", *(f"{key} {value:.8g}" for key, value in rates.items()),
              f"geometric mean {mean:.4f}" if len(values) > 1 else "", flush=True)


def ensure(path, *command):
    if not path.exists():
        tamis(*command, "--out", path)
    return path


def reference_samples(folder, seed):
    """Training events, background, and anomalies by name, of one process of the reference
    physics."""
    folder.mkdir(parents=True, exist_ok=True)

    def sample(name, kind, events, number, *more):
        return ensure(folder / f"{name}.npy", "simulate", kind, "--events", events, "--seed",
                      number, "--process-seed", seed, *more)

    return (sample("training", "background", 50_000, 1),
            sample("background", "background", 200_000, 2),
            {"full": sample("full", "anomalies", 20_000, 4),
             "half": sample("half", "shifted", 20_000, 3, "--anomaly-scale", 0.5)})


def reference(arguments):
    for seed in arguments.seeds:
        work = arguments.work / f"process-{seed}"
        training, background, anomalies = reference_samples(work, seed)
        model = ensure(work / "model.safetensors", "train", "--background", training,
                       *arguments.train)
        show(f"process seed {seed}, rate 1e-3", study(model, background, anomalies, 1e-3))
        if arguments.baselines:
            rows = {name: np.load(path).astype(np.float64) for name, path in anomalies.items()}
            show("baselines", baselines(
                np.load(training).astype(np.float64), np.load(background).astype(np.float64), rows,
                1e-3))


def collision_samples(data):
    """Training events with the options for them, background, and signals by name."""
    names = json.loads((data / "features.json").read_text())
    logarithmic = [name for name in names
                   if name.endswith("_pt") or name in ("HT", "MHT", "mT_lep_MET", "m_jj")]
    training = [data / "train_background.npy", "--feature-names", data / "features.json", "--log1p",
                ",".join(logarithmic), "--clip", 10]
    signals = {name: data / f"signal_{name}.npy" for name in SIGNALS}
    return names, logarithmic, training, data / "calibration_background.npy", signals


def collisions(arguments):
    names, logarithmic, training, background, anomalies = collision_samples(arguments.data)
    arguments.work.mkdir(parents=True, exist_ok=True)
    model = ensure(arguments.work / "model.safetensors", "train", "--background", *training,
                   *arguments.train)
    for rate in (1e-2, 1e-3):
        show(f"collisions, rate {rate:g}", study(model, background, anomalies, rate))
    show("single variables", single_variables(names, background, anomalies, 1e-2))
    if arguments.baselines:
        flags = np.array([name in logarithmic for name in names])

        def rows(path):
            raw = np.load(path).astype(np.float64)
            return np.where(flags, np.log1p(np.maximum(raw, 0)), raw)

        show("baselines", baselines(
            rows(training[0]), rows(background),
            {key: rows(path) for key, path in anomalies.items()}, 1e-2, clip=10))


# Cost

def multiplications(features, width, blocks, levels):
    """Of one event: its first layer is the same at all levels."""
    return features * width + levels * (blocks * width * width + width * features)


def neighbouring(count):
    """All runs of neighbouring levels, the single ones first."""
    return [range(first, first + length) for length in range(1, count + 1)
            for first in range(count - length + 1)]


def rates_by_levels(model, background, anomalies, rates):
    """For neighbouring levels, norms over their means on background: by levels, by rate, by
    anomaly."""
    count = len(sigmas(model))
    norms = {name: np.stack([scores(model, path, level) for level in range(count)], axis=1)
             for name, path in {"": background, **anomalies}.items()}
    means = norms[""].mean(0)
    norms = {name: values / means for name, values in norms.items()}
    return {tuple(levels): [
        {name: rate_found(norms[""][:, levels].sum(1), values[:, levels].sum(1), rate)
         for name, values in norms.items() if name} for rate in rates]
        for levels in neighbouring(count)}


def cost(arguments):
    arguments.work.mkdir(parents=True, exist_ok=True)
    columns = [f"half, seed {seed}" for seed in arguments.seeds]
    if arguments.data:
        columns += ["collisions, 1e-2", "1e-3"]
    heads = ["blocks, width, steps", "scores at", "multiplications", *columns]
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    for blocks, width, steps in arguments.networks:
        def trained(folder, training, size=(blocks, width, steps)):
            model = folder / "model-{}x{}x{}.safetensors".format(*size)
            options = zip(("--blocks", "--hidden", "--steps"), size)
            return ensure(model, "train", "--background", *training, *sum(options, ()),
                          *arguments.train)

        found = {}
        for seed in arguments.seeds:
            folder = arguments.work / f"process-{seed}"
            training, background, anomalies = reference_samples(folder, seed)
            model = trained(folder, [training])
            half = {"half": anomalies["half"]}
            for levels, rates in rates_by_levels(model, background, half, [1e-3]).items():
                found.setdefault(levels, []).append(rates[0]["half"])
        if arguments.data:
            _, _, training, background, signals = collision_samples(arguments.data)
            model = trained(arguments.work, training)
            for levels, rates in rates_by_levels(model, background, signals, [1e-2, 1e-3]).items():
                found.setdefault(levels, []).extend(
                    np.exp(np.mean(np.log(np.maximum(list(each.values()), 1e-9))))
                    for each in rates)
        values = sigmas(model)
        features = len(tensor(model, "scaler.mean"))
        for levels, each in found.items():
            at = ", ".join(f"{values[level]:.2f}" for level in levels)
            products = multiplications(features, width, blocks, len(levels))
            lines.append("| " + " | ".join([
                f"{blocks}, {width}, {steps:,}", at, f"{products:,}",
                *(f"{value:.3f}" for value in each)]) + " |")
            print(lines[-1], flush=True)
    if arguments.markdown:
        arguments.markdown.write_text("\n".join(lines) + "\n")


def network(text):
    """Blocks, width and steps from 2x128x20000."""
    blocks, width, steps = map(int, text.split("x"))
    return blocks, width, steps


def views(arguments):
    names, logarithmic, (training, *_), background, signals = collision_samples(arguments.data)
    flags = np.array([name in logarithmic for name in names])
    samples = {"training": training, "": background, **signals}
    norms = {}
    for view, transform in (("log", np.log1p), ("sqrt", np.sqrt)):
        folder = arguments.work / view
        folder.mkdir(parents=True, exist_ok=True)
        paths = {name: folder / pathlib.Path(path).name for name, path in samples.items()}
        for name, path in paths.items():
            raw = np.load(samples[name]).astype(np.float64)
            entered = np.where(flags, transform(np.maximum(raw, 0)), raw)
            np.save(path, entered.astype(np.float32))
        model = ensure(folder / "model.safetensors", "train", "--background",
                       paths.pop("training"), "--clip", 10, *arguments.train)
        for level, sigma in enumerate(sigmas(model)):
            found = {name: scores(model, path, level) for name, path in paths.items()}
            norms[view, f"{sigma:.2f}"] = {
                name: values / found[""].mean() for name, values in found.items()}
    pairs = [(one, other) for one in norms for other in norms
             if (one[0], other[0]) == ("log", "sqrt")]
    for rate in (1e-2, 1e-3):
        show(f"collisions, rate {rate:g}", {
            " + ".join(map(" ".join, chosen)): {
                name: rate_found(sum(norms[key][""] for key in chosen),
                                 sum(norms[key][name] for key in chosen), rate)
                for name in signals}
            for chosen in [(key,) for key in norms] + pairs})


# Outputs

def forward(model, rows, level):
    """What the network of a model file puts out for raw rows at one level, in float32 and not to the
    bit of the engine."""
    def dense(name, values):
        return values @ tensor(model, f"{name}.weight").T + tensor(model, f"{name}.bias")

    def silu(values):
        return values / (1 + np.exp(-np.maximum(values, -87)))

    hidden = dense("input_proj", rows) + tensor(model, "sigma_embed.weight")[level]
    for block in range(blocks_of(model)):
        hidden = hidden + dense(f"blocks.{block}.1", silu(hidden))
    return dense("output.1", silu(hidden))


def blocks_of(model):
    with open(model, "rb") as file:
        names = json.loads(file.read(int.from_bytes(file.read(8), "little")))
    return sum(name.startswith("blocks.") and name.endswith(".weight") for name in names)


def standardised_rows(model, path, logarithmic, clip):
    rows = np.load(path)
    rows = np.where(logarithmic, np.log1p(np.maximum(rows, 0)), rows).astype(np.float32)
    rows = (rows - tensor(model, "scaler.mean")) / tensor(model, "scaler.scale")
    return np.clip(rows, -clip, clip)


def other_sums(outputs, rows, sigma):
    """By name, a function of outputs and rows that scores. `outputs` and `rows` are those of
    background, which alone decides on weights."""
    squares = (outputs**2).mean(0)
    squares = squares + 1e-3 * squares.mean()
    lengths, axes = np.linalg.eigh(outputs.T @ outputs / len(outputs))
    lengths = lengths + lengths.mean()
    linear = sigma * np.linalg.inv(np.cov(rows.T) + sigma**2 * np.eye(rows.shape[1]))
    sums = {"squared norm": lambda o, z: (o**2).sum(1)}
    for power in (-0.5, -0.25, 0.1, 0.25, 0.5):
        sums[f"features times their mean squares to the {power:g}"] = (
            lambda o, z, weights=squares**power: o**2 @ weights)
    for power in (-0.5, -0.25, 0.1, 0.2):
        sums[f"axes times their mean squares to the {2 * power:g}"] = (
            lambda o, z, axes=axes * lengths**power: ((o @ axes) ** 2).sum(1))
    sums["sum of magnitudes"] = lambda o, z: np.abs(o).sum(1)
    sums["sum of third powers"] = lambda o, z: (np.abs(o) ** 3).sum(1)
    for share in (0.05, 0.1):
        sums[f"less {share:g} of the linear filter"] = (
            lambda o, z, share=share: ((o - share * (z @ linear)) ** 2).sum(1))
    for share in (0.05, 0.1, 0.15):
        sums[f"less {share:g} of the product with the event"] = (
            lambda o, z, share=share: (o * (o - share * z)).sum(1))
    return sums


def outputs(arguments):
    names, logarithmic, training, background, signals = collision_samples(arguments.data)
    flags = np.array([name in logarithmic for name in names])
    # The networks saw nineteen in twenty of these.
    samples = {"training": training[0], "": background, **signals}
    found, rows, networks = {}, {}, {}
    for seed in arguments.seeds:
        folder = arguments.work / f"seed-{seed}"
        folder.mkdir(parents=True, exist_ok=True)
        model = ensure(folder / "model.safetensors", "train", "--background", *training,
                       "--members", 1, "--seed", seed, *arguments.train)
        rows = rows or {name: standardised_rows(model, path, flags, clip=10)
                        for name, path in samples.items()}
        networks[seed] = {name: [forward(model, values, level)
                                 for level in range(len(sigmas(model)))]
                          for name, values in rows.items()}

    def note(kind, name, score):
        found.setdefault((kind, name), []).append([
            np.exp(np.mean([np.log(max(rate_found(score[""], score[key], rate), 1e-9))
                            for key in signals])) for rate in (1e-2, 1e-3)])

    groups = [(seed,) for seed in arguments.seeds] + list(
        zip(arguments.seeds, arguments.seeds[1:]))
    for group in groups:
        kind = "alone" if len(group) == 1 else "mean of two"
        for level, sigma in enumerate(sigmas(model)):
            mean = {name: sum(networks[seed][name][level] for seed in group) / len(group)
                    for name in rows}
            for title, score in other_sums(mean["training"], rows["training"], sigma).items():
                note(kind, f"{sigma:.2f} | {title}",
                     {name: score(mean[name], rows[name]) for name in rows})
        if len(group) == 2:
            for levels in [(one, other) for one in range(len(sigmas(model)))
                           for other in range(len(sigmas(model))) if one != other]:
                chosen = list(zip(group, levels))
                note(kind, "{:.2f}, {:.2f} | one network at each level".format(
                    *sorted((sigmas(model)[level] for level in levels), reverse=True)),
                    {name: (sum(networks[seed][name][level] for seed, level in chosen) ** 2).sum(1)
                     for name in rows})
    print("| networks | sigma | score | collisions, 1e-2 | 1e-3 |\n|---|---|---|---|---|")
    for (kind, name), values in found.items():
        print(f"| {kind} | {name} | " + " | ".join(
            f"{np.mean(each):.4f} +- {np.std(each) / max(1, len(each) - 1) ** 0.5:.4f}"
            for each in zip(*values)) + " |", flush=True)


def single_variables(names, background, anomalies, rate):
    """The same rates for one feature each; equal counts are put in random order."""
    generator = np.random.default_rng(0)

    def value(path, chosen):
        columns = np.load(path)[:, [names.index(name) for name in chosen]].sum(axis=1)
        return columns + (0.9 * generator.random(len(columns)) if chosen[0] == "n_e" else 0)

    found = {}
    for chosen in (["HT"], ["MET_pt"], ["n_e", "n_mu"]):
        level = value(background, chosen)
        found["+".join(chosen)] = {key: rate_found(level, value(path, chosen), rate)
                                   for key, path in anomalies.items()}
    return found


def one_model(arguments):
    anomalies = dict(pair.split("=", 1) for pair in arguments.anomalies)
    show(f"{arguments.model}, rate {arguments.rate:g}",
         study(arguments.model, arguments.background, anomalies, arguments.rate))


def unlike(arguments):
    raw = np.load(arguments.background).astype(np.float64)
    names = json.loads(arguments.names.read_text()) if arguments.names else []
    logarithmic = np.isin(names or np.arange(raw.shape[1]), arguments.log1p.split(","))
    rows = np.where(logarithmic, np.log1p(np.maximum(raw, 0)), raw)
    mean, spread = rows.mean(0), rows.std(0)
    spread[spread == 0] = 1
    rows = (rows - mean) / spread
    count = min(5_000, len(rows) // 2)
    events, others, width = rows[:count], rows[count:2 * count], rows.shape[1]
    generator = np.random.default_rng(1)
    direction = generator.standard_normal((count, width))
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    one = events.copy()
    one[np.arange(count), generator.integers(0, width, count)] += 5
    order = np.argsort(generator.random((count, width)), axis=1)
    made = {
        "displaced": events + 5 * direction, "one-feature": one,
        "swapped-quarter": np.where(order < width // 4, others, events),
        "swapped-half": np.where(order < width // 2, others, events),
        "shuffled": np.stack([generator.permutation(rows[:, j])[:count] for j in range(width)], 1),
        "stretched": 1.3 * events, "half-way": (events + others) / 2,
    }
    arguments.out.mkdir(parents=True, exist_ok=True)
    for name, values in made.items():
        values = values * spread + mean
        np.save(arguments.out / f"{name}.npy",
                np.where(logarithmic, np.expm1(values), values).astype(np.float32))


def quiet(arguments):
    for seed in arguments.seeds:
        work = arguments.work / f"process-{seed}"
        training, background, anomalies = reference_samples(work, seed)
        samples = {"background": background, **anomalies}
        model = ensure(work / "model.safetensors", "train", "--background", training,
                       *arguments.train)
        calibrating = ensure(
            work / "calibrating.npy", "simulate", "background", "--events", 400_000, "--seed", 5,
            "--process-seed", seed)
        unlike(argparse.Namespace(background=samples["background"], names=None, log1p="",
                                  out=work / "unlike"))
        samples["half-way"] = work / "unlike" / "half-way.npy"
        print(f"process seed {seed}, rate 1e-3", flush=True)
        for share in arguments.shares:
            # A calibration has a high point; with the whole rate on the low side one that finds little.
            high = 1e-3 * (1 - share) if share < 1 else 3e-6
            points = ["--working-point", f"high={high:.6g}"]
            if share > 0:
                points += ["--quiet-point", f"low={1e-3 * share:.6g}"]
            calibration = work / f"quiet-{share}.json"
            tamis("calibrate", "--model", model, "--background", calibrating, *points, "--out",
                  calibration, "--force")
            found = {}
            for name, path in samples.items():
                text = subprocess.run(
                    [TAMIS, "score", "--model", model, "--calibration", calibration, "--input", path,
                     "--json"], check=True, stdout=subprocess.PIPE).stdout
                facts = json.loads(text)
                found[name] = [each["flagged"] / facts["scored"] for each in facts["working_points"]]
            print(f"  share {share}: " + "; ".join(
                f"{name} {sum(rates):.5f} (" + " + ".join(f"{rate:.5f}" for rate in rates) + ")"
                for name, rates in found.items()), flush=True)


def main():
    own, train = sys.argv[1:], []
    if "--" in own:
        own, train = own[:own.index("--")], own[own.index("--") + 1:]
    parser = argparse.ArgumentParser(description="How well a training finds anomalies.")
    commands = parser.add_subparsers(required=True)
    for name, run in (("reference", reference), ("collisions", collisions), ("views", views),
                      ("quiet", quiet)):
        command = commands.add_parser(name)
        command.add_argument("--work", type=pathlib.Path, required=True)
        command.add_argument("--baselines", action="store_true")
        command.set_defaults(run=run, train=train)
        if name == "quiet":
            command.add_argument("--shares", type=float, nargs="+", default=[0, 0.1, 1])
        if name in ("reference", "quiet"):
            command.add_argument("--seeds", type=int, nargs="+", default=[1])
        else:
            command.add_argument("--data", type=pathlib.Path, required=True)
    command = commands.add_parser("cost")
    command.add_argument("--work", type=pathlib.Path, required=True)
    command.add_argument("--data", type=pathlib.Path, help="the collisions")
    command.add_argument("--seeds", type=int, nargs="+", default=[1, 2])
    command.add_argument("--networks", type=network, nargs="+", metavar="BLOCKSxWIDTHxSTEPS",
                         default=[(2, 128, 20_000), (3, 128, 10_000), (3, 192, 20_000),
                                  (3, 256, 20_000)])
    command.add_argument("--markdown", type=pathlib.Path, help="the table")
    command.set_defaults(run=cost, train=train)
    command = commands.add_parser("outputs")
    command.add_argument("--data", type=pathlib.Path, required=True)
    command.add_argument("--work", type=pathlib.Path, required=True)
    command.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    command.set_defaults(run=outputs, train=train)
    command = commands.add_parser("unlike")
    command.add_argument("--background", required=True)
    command.add_argument("--out", type=pathlib.Path, required=True)
    command.add_argument("--log1p", default="", help="as for tamis train")
    command.add_argument("--names", type=pathlib.Path, help="a JSON array of feature names")
    command.set_defaults(run=unlike)
    command = commands.add_parser("model")
    command.add_argument("--model", required=True)
    command.add_argument("--background", required=True)
    command.add_argument("--anomalies", nargs="+", required=True, metavar="NAME=EVENTS")
    command.add_argument("--rate", type=float, default=1e-3)
    command.set_defaults(run=one_model)
    arguments = parser.parse_args(own)
    arguments.run(arguments)


if __name__ == "__main__":
    main()
