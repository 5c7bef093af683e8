"""The Python packages that the peers come in, in a folder of their own."""

import pathlib
import subprocess
import sys

# By peer: what is imported, and what pip is asked for in turn until one succeeds. The CPU build of
# PyTorch is a tenth of the size of the usual one, and as fast on a processor.
CPU_TORCH = ["--index-url", "https://download.pytorch.org/whl/cpu"]
PEERS = {
    "numpy": [["numpy"]],
    "zmq": [["pyzmq"]],
    "onnx": [["onnx"]],
    "onnxruntime": [["onnxruntime"]],
    "openvino": [["openvino"]],
    "torch": [[*CPU_TORCH, "--retries", "0", "--timeout", "20", "torch"], ["torch"]],
}
REQUIRED = ["numpy", "zmq"]


def python_of(folder):
    return pathlib.Path(folder) / "bin" / "python"


def prepare(folder, installs, wanted=tuple(PEERS)):
    """Makes the environment where it is missing; what could not be had, with the reason."""
    python = python_of(folder)
    if not python.exists():
        print(f"bench-peers: making {folder}", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    missing = {}
    for name in wanted:
        if imports(python, name) is None:
            continue
        if not installs:
            missing[name] = "not installed (--no-install)"
            continue
        fault = install(python, name)
        if fault:
            missing[name] = fault
            print(f"bench-peers: without {name}: {fault}", file=sys.stderr)
    lacking = [name for name in REQUIRED if name in missing]
    if lacking:
        raise SystemExit(f"bench-peers: {lacking[0]} is needed and {missing[lacking[0]]}")
    return missing


def imports(python, name):
    """None where the package can be imported, else the last line of the error."""
    finished = subprocess.run([str(python), "-c", f"import {name}"], capture_output=True, text=True)
    return None if finished.returncode == 0 else last_line(finished.stderr)


def install(python, name):
    fault = None
    for request in PEERS[name]:
        print(f"bench-peers: pip install {request[-1]}", file=sys.stderr)
        finished = subprocess.run(
            [str(python), "-m", "pip", "install", "--quiet", *request], capture_output=True,
            text=True)
        fault = last_line(finished.stderr) if finished.returncode else imports(python, name)
        if fault is None:
            return None
    return fault


def last_line(text):
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1].strip() if lines else "no reason given"
