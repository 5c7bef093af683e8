"""A running tamisd with a small model, and a sender that can do wrong."""

import signal
import subprocess
import threading
import time
import urllib.request

import numpy as np
import zmq

import tamis_formats as formats

from . import processes

FEATURES = 64


def tamis(*arguments):
    subprocess.run([processes.BIN / "tamis", *map(str, arguments)], check=True,
                   capture_output=True)


def arm(folder):
    """A small network, hardly trained, and its calibration."""
    for name, seed in (("train", 1), ("calibration", 2)):
        tamis("simulate", "background", "--events", 20000, "--seed", seed, "--out",
              folder / f"{name}.npy")
    tamis("train", "--background", folder / "train.npy", "--out", folder / "model.safetensors",
          "--steps", 200, "--batch", 128, "--hidden", 48, "--blocks", 2)
    tamis("calibrate", "--model", folder / "model.safetensors", "--background",
          folder / "calibration.npy", "--out", folder / "calibration.json",
          "--working-point", "loose=0.05", "--working-point", "tight=0.005")
    return folder


class Daemon:
    """tamisd on ports of its own, with its journal in `folder`."""

    def __init__(self, folder, armed, unbiased_prescale=0, slots=1024):
        folder.mkdir()
        self.folder, self.process = folder, None
        self.input_port, self.output_port, self.http_port = (
            processes.free_port() for _ in range(3))
        self.target = f"127.0.0.1:{self.http_port}"
        (folder / "tamisd.yaml").write_text(f"""\
model: {armed}/model.safetensors
calibration: {armed}/calibration.json
input: {{bind: ["tcp://127.0.0.1:{self.input_port}"], high_water_mark: 10}}
output: {{bind: ["tcp://127.0.0.1:{self.output_port}"]}}
journal: {{path: journal}}
unbiased: {{prescale: {unbiased_prescale}}}
engine: {{batch_max: 64, slots: {slots}}}
http: {{listen: "{self.target}"}}
""")
        self.start()

    def start(self):
        self.process = processes.start(
            [processes.BIN / "tamisd", "--config", self.folder / "tamisd.yaml"],
            self.folder / "tamisd.log")
        processes.wait_until(self.answers, f"tamisd answers, see {self.folder}/tamisd.log")

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
        """Ends it in order; one that does not end within a minute is a fault."""
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(60) in (0, -signal.SIGKILL)


class Sender:
    """Sends background to a daemon, a message twenty times a second, from a thread of its own."""

    def __init__(self, daemon, events_a_message=20):
        self.port, self.events_a_message = daemon.input_port, events_a_message
        self.sequence, self.lost_share, self.damaged_share = 0, 0.0, 0.0
        self.generator = np.random.default_rng(1)
        self.sending, self.ending = threading.Event(), threading.Event()
        self.closing = False  # the next record ends the run
        self.sending.set()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def records(self, count, kind=formats.EVENT):
        records = formats.new_events(
            count, FEATURES, kind=kind, run=1, source=1, time_ns=time.time_ns(),
            sequence=self.sequence + 1 + np.arange(count, dtype=np.uint64))
        if kind == formats.EVENT:
            records["features"] = self.generator.standard_normal((count, FEATURES))
        self.sequence += count
        formats.seal(records)
        damaged = self.generator.random(count) < self.damaged_share
        records["crc32c"][damaged] ^= 1
        return records[self.generator.random(count) >= self.lost_share]

    def run(self):
        with zmq.Context() as context, context.socket(zmq.PUSH) as socket:
            socket.linger, socket.sndtimeo = 0, 100
            socket.connect(f"tcp://127.0.0.1:{self.port}")
            waiting = [self.records(1, formats.BEGIN_OF_RUN)]
            while not self.ending.is_set():
                if not waiting and self.sending.is_set():
                    waiting.append(self.records(self.events_a_message))
                if not waiting and self.closing:
                    waiting.append(self.records(1, formats.END_OF_RUN))
                    self.closing = False
                if waiting:
                    try:
                        socket.send(waiting[0].tobytes())
                        waiting.pop()
                    except zmq.Again:
                        continue
                time.sleep(0.05)

    def stop(self):
        self.ending.set()
        self.thread.join()
