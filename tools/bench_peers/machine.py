"""What was measured on."""

import os
import platform
import re
import statistics
import subprocess
import time

ISA_FLAGS = ["avx2", "fma", "avx512f", "avx512_vnni", "avx512_bf16", "avx_vnni", "amx_int8",
             "amx_bf16", "asimd", "asimddp", "i8mm", "bf16", "sve"]
PACKAGES = ["numpy", "pyzmq", "onnx", "onnxruntime", "openvino", "torch"]


def machine():
    """Processor, cores, instruction sets, kernel and versions, by name."""
    facts = {"processor": processor_name(), "processors": os.cpu_count(),
             "instruction sets": ", ".join(each for each in ISA_FLAGS if each in cpu_flags()),
             "system": f"{platform.system()} {platform.release()}",
             "python": platform.python_version()}
    facts.update(package_versions())
    return facts


def cpuinfo():
    try:
        with open("/proc/cpuinfo") as file:
            return file.read()
    except OSError:
        return ""


def processor_name():
    """The processor's name, with family and model where the name says little."""
    found = dict(re.findall(r"^(model name|cpu family|model)\s*:\s*(.+)$", cpuinfo(), re.M))
    name = found.get("model name", platform.processor() or platform.machine())
    if "cpu family" in found:
        name += f" (family {found['cpu family']}, model {found.get('model', '?')})"
    return name


def cpu_flags():
    found = re.search(r"^(?:flags|Features)\s*:\s*(.+)$", cpuinfo(), re.M)
    return set(found.group(1).split()) if found else set()


def package_versions():
    from importlib import metadata

    versions = {}
    for name in PACKAGES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            pass
    return versions


def program_version(program):
    finished = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    return finished.stdout.strip()


def processor_times():
    """(busy, all) ticks by processor since the machine started."""
    with open("/proc/stat") as file:
        rows = [line.split() for line in file if re.match(r"cpu\d", line)]
    times = {}
    for name, *ticks in rows:
        ticks = [int(each) for each in ticks[:8]]  # user nice system idle iowait irq softirq steal
        times[int(name[3:])] = (sum(ticks) - ticks[3] - ticks[4], sum(ticks))
    return times


def busy_share(processors, seconds=0.3):
    """How busy these processors are, of 1, while nothing of ours runs: the work of others."""
    before = processor_times()
    time.sleep(seconds)
    after = processor_times()
    busy, total = (sum(after[each][i] - before[each][i] for each in processors) for i in (0, 1))
    return busy / total if total else 0.0


def quietness(shares):
    """What busy_share found between the rounds, in words."""
    text = (f"Between rounds other programs, those of low priority included, kept the processors "
            f"busy for {statistics.median(shares):.0%} of the time, {max(shares):.0%} at most.")
    return text if max(shares) < 0.1 else f"{text} **This machine was not quiet.**"


def lines(facts):
    return "\n".join(f"- {name}: {value}" for name, value in facts.items())
