"""A running tamisd with a small model, and a sender that can do wrong."""

import json
import shutil
import signal
import subprocess
import threading
import time
import urllib.request

import numpy as np
import zmq

import loopback
import tamis_formats as formats

from . import processes

FEATURES = 64


def tamis(*arguments):
    subprocess.run([processes.BIN / "tamis", *map(str, arguments)], check=True,
                   capture_output=True)


def arm(folder):
    """A small network, hardly trained, its calibration, and background for the stream."""
    for name, seed, events in (
            ("train", 1, 20000), ("calibration", 2, 20000), ("stream", 3, 100000)):
        tamis("simulate", "background", "--events", events, "--seed", seed, "--out",
              folder / f"{name}.npy")
    tamis("train", "--background", folder / "train.npy", "--out", folder / "model.safetensors",
          "--steps", 200, "--batch", 128, "--hidden", 48, "--blocks", 2)
    tamis("calibrate", "--model", folder / "model.safetensors", "--background",
          folder / "calibration.npy", "--out", folder / "calibration.json",
          "--working-point", "loose=0.05", "--working-point", "tight=0.005")
    return folder


class Daemon:
    """tamisd on ports of its own, with its journal in `folder`."""

    def __init__(self, folder, armed, **sections):
        folder.mkdir()
        self.folder, self.process = folder, None
        for name in ("model.safetensors", "calibration.json"):
            shutil.copyfile(armed / name, folder / name)
        self.input_port, self.output_port, self.http_port = (
            loopback.free_port() for _ in range(3))
        self.target = f"127.0.0.1:{self.http_port}"
        configuration = {
            "model": "model.safetensors", "calibration": "calibration.json",
            "input": {"bind": [f"tcp://127.0.0.1:{self.input_port}"], "high_water_mark": 10},
            "output": {"bind": [f"tcp://127.0.0.1:{self.output_port}"]},
            "journal": {"path": "journal"},
            "unbiased": {"prescale": 0},
            "engine": {"batch_max": 64, "slots": 1024},
            "http": {"listen": self.target},
        }
        for name, keys in sections.items():
            configuration[name] = configuration.get(name, {}) | keys
        # YAML takes JSON.
        (folder / "tamisd.yaml").write_text(json.dumps(configuration, indent=2) + "\n")
        self.start()

    def start(self):
        self.process = processes.start(
            [processes.BIN / "tamisd", "--config", self.folder / "tamisd.yaml"],
            self.folder / "tamisd.log")
        processes.wait_until(self.answers, f"tamisd answers, see {self.folder}/tamisd.log")

    def reload(self):
        self.process.send_signal(signal.SIGHUP)

    def answers(self):
        assert self.process.poll() is None, (self.folder / "tamisd.log").read_text()
        try:
            with urllib.request.urlopen(f"http://{self.target}/healthz", timeout=5) as answer:
                return answer.status == 200
        except OSError:
            return False

    def limit_files(self, limit):
        """A limit on the size of files acts as a full disk does, and can be lifted."""
        subprocess.run(["prlimit", "--pid", str(self.process.pid), f"--fsize={limit}:unlimited"],
                       check=True)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        """Asks it to end, and returns its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(120)


class Peers:
    """A sender and a receiver in one thread: background twenty times a second, and what comes."""

    def __init__(self, daemon, background, events_a_message=20):
        self.background = np.load(background, mmap_mode="r")
        self.input_port, self.output_port = daemon.input_port, daemon.output_port
        self.events_a_message = events_a_message
        self.sequence, self.lost_share, self.damaged_share, self.shift = 0, 0.0, 0.0, 0.0
        self.generator = np.random.default_rng(1)
        self.is_sending = self.is_receiving = True
        self.is_closing = False  # the next record ends the run
        self.ending = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def records(self, count, kind=formats.EVENT):
        records = formats.new_events(
            count, FEATURES, kind=kind, run=1, source=1, time_ns=time.time_ns(),
            sequence=self.sequence + 1 + np.arange(count, dtype=np.uint64))
        if kind == formats.EVENT:
            rows = (self.sequence + np.arange(count)) % len(self.background)
            records["features"] = self.background[rows] + np.float32(self.shift)
        self.sequence += count
        formats.seal(records)
        damaged = self.generator.random(count) < self.damaged_share
        records["crc32c"][damaged] ^= 1
        return records[self.generator.random(count) >= self.lost_share]

    def run(self):
        with zmq.Context() as context:
            sender, receiver = context.socket(zmq.PUSH), None
            sender.linger, sender.sndtimeo = 0, 100
            sender.connect(f"tcp://127.0.0.1:{self.input_port}")
            waiting = [self.records(1, formats.BEGIN_OF_RUN)]
            while not self.ending.is_set():
                time.sleep(0.05)
                if not waiting and self.is_sending:
                    waiting.append(self.records(self.events_a_message))
                if not waiting and self.is_closing:
                    waiting.append(self.records(1, formats.END_OF_RUN))
                    self.is_closing = False
                if self.is_receiving and receiver is None:
                    receiver = context.socket(zmq.SUB)
                    receiver.subscribe(b"")
                    receiver.connect(f"tcp://127.0.0.1:{self.output_port}")
                if not self.is_receiving and receiver is not None:
                    receiver.close(0)
                    receiver = None
                try:
                    while receiver and receiver.recv_multipart(zmq.NOBLOCK):
                        pass
                except zmq.Again:
                    pass
                try:
                    if waiting:
                        sender.send(waiting[0].tobytes())
                        waiting.pop()
                except zmq.Again:
                    pass
            for socket in filter(None, (sender, receiver)):
                socket.close(0)

    def stop(self):
        self.ending.set()
        self.thread.join()
