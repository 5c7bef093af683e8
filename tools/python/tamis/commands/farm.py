"""Calibrates on many runs, or scores them, with Dask: one task a run, on this machine's processes,
on a running Dask scheduler, or on jobs of Slurm or HTCondor.

    tamis-dask calibrate --model model.safetensors --working-point nominal=1e-3 \\
        --work parts --out calibration.json runs/*
    tamis-dask score --model model.safetensors --calibration calibration.json \\
        --work scores runs/*

A finished output is kept when the command is given again: beside each lies NAME.receipt.json with
its SHA-256 and that of everything it was made from. The calibration is that of one pass over all
runs, to the bit. Exit status: 0 done; 1 a run failed, and nothing was merged; 2 wrong usage.
"""

import argparse
import dataclasses
import hashlib
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import time

RETRIES = 2
WRONG_USAGE = 2


@dataclasses.dataclass
class Task:
    """One run of the `tamis` program that makes one file."""
    run: str
    output: str
    command: list          # without the output option, and without what changes no bit of it
    output_option: str
    inputs: list           # whose content decides the output


class TaskFailed(RuntimeError):
    """A task that ended with an error, which may be another one the next time."""


def file_sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def content_sha256(path):
    """Of a file; of a run by its manifest, which has its segments' digests, and their sizes."""
    path = pathlib.Path(path)
    if path.is_file():
        return file_sha256(path)
    manifest = path / "manifest.json"
    names = sorted(each for each in path.iterdir() if ".events" in each.name
                   or ".flagged" in each.name)
    digest = hashlib.sha256()
    for each in names:
        digest.update(f"{each.name} {each.stat().st_size}\n".encode())
        if not manifest.exists():
            digest.update(file_sha256(each).encode())
    if manifest.exists():
        digest.update(file_sha256(manifest).encode())
    return digest.hexdigest()


def task_key(task):
    """What the output hangs on: the program, its arguments, and what it reads."""
    version = subprocess.run([task.command[0], "--version"], capture_output=True, text=True,
                             check=True).stdout.split(",")[0]
    arguments = [each for each in task.command[1:] if each not in task.inputs]
    content = [content_sha256(each) for each in task.inputs]
    return hashlib.sha256(json.dumps([version, arguments, content]).encode()).hexdigest()


def receipt_path(output):
    return pathlib.Path(f"{output}.receipt.json")


def kept_receipt(task, key):
    """The receipt of an output that is there, whole, and made from the same; else None."""
    try:
        receipt = json.loads(receipt_path(task.output).read_text())
        is_same = receipt["key"] == key and receipt["sha256"] == file_sha256(task.output)
    except (OSError, ValueError, KeyError):
        return None
    return receipt if is_same else None


def perform(task):
    """Runs a task where its output is not there yet; what it came to, as a dictionary.

    Wrong usage is an answer; every other failure is raised, for Dask to try it again.
    """
    begin = time.monotonic()
    result = {"run": task.run, "output": task.output, "worker": f"{socket.gethostname()}:"
              f"{os.getpid()}"}
    key = task_key(task)
    if receipt := kept_receipt(task, key):
        return result | {"status": "kept", "seconds": 0.0, "sha256": receipt["sha256"],
                         "facts": receipt["facts"]}
    finished = subprocess.run(
        [*task.command, "--workers", "1", task.output_option, task.output,
         "--force", "--json"],
        capture_output=True, text=True)
    message = finished.stderr.strip().splitlines()[-1:] or [""]
    if finished.returncode == WRONG_USAGE:
        return result | {"status": "failed", "message": finished.stderr.strip(),
                         "seconds": time.monotonic() - begin}
    if finished.returncode != 0:
        raise TaskFailed(f"exit status {finished.returncode}: {message[0]}")
    receipt = {"key": key, "sha256": file_sha256(task.output),
               "facts": json.loads(finished.stdout)}
    partial = receipt_path(task.output).with_suffix(f".writing-{os.getpid()}")
    partial.write_text(json.dumps(receipt, indent=2) + "\n")
    partial.rename(receipt_path(task.output))
    return result | {"status": "done", "seconds": time.monotonic() - begin,
                     "sha256": receipt["sha256"], "facts": receipt["facts"]}


def output_path(work, run, suffix):
    """A name of its own for each run, also where runs of two folders share one."""
    place = pathlib.Path(run).resolve()
    tag = hashlib.sha256(str(place).encode()).hexdigest()[:8]
    return str(pathlib.Path(work).resolve() / f"{place.name}-{tag}{suffix}")


def calibration_tasks(options):
    command = [options.tamis, "calibrate", "--partial", "--model", options.model,
               "--working-point", *options.working_point]
    if options.quiet_point:
        command += ["--quiet-point", *options.quiet_point]
    if options.condition_bins is not None:
        command += ["--condition-bins", str(options.condition_bins)]
    if options.condition_edges is not None:
        command += ["--condition-edges=" + options.condition_edges]
    if options.events_total is not None:
        command += ["--events-total", str(options.events_total)]
    return [make_task(options, command, "--background", run, "--out", ".part", [options.model])
            for run in options.runs]


def scoring_tasks(options):
    command = [options.tamis, "score", "--model", options.model]
    inputs = [options.model]
    if options.calibration:
        command += ["--calibration", options.calibration]
        inputs.append(options.calibration)
    return [make_task(options, command, "--input", run, "--scores", ".scores.npy", inputs)
            for run in options.runs]


def make_task(options, command, input_option, run, output_option, suffix, inputs):
    run = str(pathlib.Path(run).resolve())
    return Task(
        run=run, output=output_path(options.work, run, suffix), output_option=output_option,
        command=[*command, *options.tamis_options, input_option, run],
        inputs=[*inputs, run])


def merge(options, tasks):
    """The calibration of all parts; what the program says of it."""
    finished = subprocess.run(
        [options.tamis, "calibrate", "--merge", *[task.output for task in tasks], "--out",
         options.out, "--json"] + (["--force"] if options.force else []),
        capture_output=True, text=True)
    if finished.returncode != 0:
        sys.exit(f"tamis_dask: the parts do not merge: {finished.stderr.strip()}")
    return json.loads(finished.stdout)


def job_cluster(options):
    """A cluster of batch jobs. dask-jobqueue is wanted only here: pip install dask-jobqueue."""
    try:
        import dask_jobqueue
    except ImportError:
        sys.exit("tamis_dask: --slurm and --htcondor want dask-jobqueue: pip install "
                 "dask-jobqueue")
    common = {"cores": options.cores, "processes": 1, "memory": options.memory,
              "log_directory": options.job_logs}
    if options.slurm:
        named = {"queue": options.queue, "account": options.account,
                 "walltime": options.walltime}
        return dask_jobqueue.SLURMCluster(
            **common, **{name: value for name, value in named.items() if value},
            job_extra_directives=options.job_extra)
    extra = dict(each.split("=", 1) for each in options.job_extra)
    return dask_jobqueue.HTCondorCluster(
        **common, disk=options.disk, job_extra_directives=extra)


def connected(options):
    """A client of the cluster that was asked for, and what to close at the end."""
    import distributed
    if options.scheduler:
        client = distributed.Client(options.scheduler)
        return client, [client]
    if options.slurm or options.htcondor:
        cluster = job_cluster(options)
        cluster.scale(jobs=options.jobs)
    else:
        cluster = distributed.LocalCluster(
            n_workers=options.jobs, threads_per_worker=1, processes=True, host="127.0.0.1",
            dashboard_address=None, silence_logs="ERROR")
    client = distributed.Client(cluster)
    return client, [client, cluster]


def run_all(options, tasks):
    """Performs all tasks; a result for each, in the order of the tasks."""
    import cloudpickle
    import distributed
    # Workers elsewhere need not have this package.
    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    client, open_ends = connected(options)
    try:
        futures = [client.submit(perform, task, retries=options.retries, pure=False)
                   for task in tasks]
        places = {future.key: place for place, future in enumerate(futures)}
        results = [None] * len(tasks)
        for future in distributed.as_completed(futures):
            place = places[future.key]
            results[place] = result_of(future, tasks[place])
            print(line(results[place]), file=sys.stderr, flush=True)
        return results
    finally:
        for each in open_ends:
            each.close()


def result_of(future, task):
    if future.status == "finished":
        return future.result()
    return {"run": task.run, "output": task.output, "status": "failed",
            "message": str(future.exception()), "seconds": None}


def line(result):
    if result["status"] == "failed":
        return f"{result['run']}: failed: {result['message']}"
    events = result["facts"].get("events", "?")
    return (f"{result['run']}: {result['status']}, {events} events, {result['seconds']:.1f} s, "
            f"{result['output']}")


def common_options(parser):
    parser.add_argument("runs", nargs="+", metavar="EVENTS",
                        help="run folders, segments, .npy files or journals: one task each")
    parser.add_argument("--model", required=True, help="the model file")
    parser.add_argument("--work", required=True,
                        help="a folder for the outputs; finished ones in it are kept")
    parser.add_argument("--tamis", default="tamis", help="the program (default: from PATH)")
    parser.add_argument("--tamis-options", default="", metavar="TEXT",
                        help="more options for every task, such as '--levels 3,4,5'")
    parser.add_argument("--retries", type=int, default=RETRIES,
                        help="how often a failed task is tried again (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    where = parser.add_argument_group("where the tasks run (default: processes of this machine)")
    choice = where.add_mutually_exclusive_group()
    choice.add_argument("--scheduler", metavar="ADDRESS", help="of a running Dask cluster")
    choice.add_argument("--slurm", action="store_true", help="jobs of Slurm")
    choice.add_argument("--htcondor", action="store_true", help="jobs of HTCondor")
    where.add_argument("--jobs", type=int, default=2,
                       help="processes or batch jobs (default: %(default)s)")
    where.add_argument("--cores", type=int, default=1,
                       help="of a batch job; each works on one run (default: %(default)s)")
    where.add_argument("--memory", default="2GB", help="of a job (default: %(default)s)")
    where.add_argument("--disk", default="1GB", help="of a job of HTCondor (default: %(default)s)")
    where.add_argument("--walltime", help="of a job of Slurm, such as 01:00:00")
    where.add_argument("--queue", help="Slurm's partition")
    where.add_argument("--account", help="Slurm's account")
    where.add_argument("--job-extra", action="append", default=[], metavar="TEXT",
                       help="more for the job: '--qos=short', or 'KEY=VALUE' for HTCondor")
    where.add_argument("--job-logs", help="a folder for the jobs' output")
    where.add_argument("--print-job-script", action="store_true",
                       help="print the job that would be sent, and send none")


def parsed(arguments):
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    calibrate = commands.add_parser("calibrate", help="one calibration of all runs")
    common_options(calibrate)
    calibrate.add_argument("--working-point", nargs="+", required=True, metavar="NAME=FPR")
    calibrate.add_argument("--quiet-point", nargs="+", metavar="NAME=FPR",
                           help="working points for events with too low a score")
    calibrate.add_argument("--condition-bins", type=int, metavar="N",
                           help="thresholds by condition, in bins at quantiles of all runs")
    calibrate.add_argument("--condition-edges", metavar="A,B,...",
                           help="the edges of these bins, in place of quantiles")
    calibrate.add_argument("--events-total", type=int,
                           help="the most events that all runs have: smaller parts")
    calibrate.add_argument("--out", required=True, help="the calibration file")
    calibrate.add_argument("--force", action="store_true", help="replace it where it exists")
    score = commands.add_parser("score", help="the scores of every run")
    common_options(score)
    score.add_argument("--calibration", help="whose levels are used and whose points are counted")
    options = parser.parse_args(arguments)
    program = shutil.which(options.tamis)
    if program is None:
        parser.error(f"--tamis {options.tamis}: no such program; give its path")
    if len({str(pathlib.Path(run).resolve()) for run in options.runs}) < len(options.runs):
        parser.error("a run is named twice")
    if options.print_job_script and not (options.slurm or options.htcondor):
        parser.error("--print-job-script goes with --slurm or --htcondor")
    if options.command == "calibrate" and os.path.exists(options.out) and not options.force:
        parser.error(f"--out {options.out} exists: choose another name or give --force")
    options.tamis = str(pathlib.Path(program).resolve())
    options.model = str(pathlib.Path(options.model).resolve())
    options.tamis_options = options.tamis_options.split()
    if getattr(options, "calibration", None):
        options.calibration = str(pathlib.Path(options.calibration).resolve())
    return options


def main(arguments=None):
    options = parsed(arguments)
    if options.print_job_script:
        cluster = job_cluster(options)
        print(cluster.job_script())
        cluster.close()
        return 0
    pathlib.Path(options.work).mkdir(parents=True, exist_ok=True)
    tasks = {"calibrate": calibration_tasks, "score": scoring_tasks}[options.command](options)
    results = run_all(options, tasks)
    failed = [each for each in results if each["status"] == "failed"]
    report = {"runs": results, "failed": len(failed)}
    if failed:
        print(f"tamis_dask: {len(failed)} of {len(results)} runs failed; what is done is kept, "
              "give the same command again", file=sys.stderr)
    elif options.command == "calibrate":
        report["calibration"] = merge(options, tasks)
    if options.json:
        print(json.dumps(report, indent=2))
    elif "calibration" in report:
        for point in report["calibration"]["working_points"]:
            sign = "<" if point.get("side") == "low" else ">"
            print(f"{point['name']}: score {sign} {point['threshold']}, rank {point['rank']} of "
                  f"{report['calibration']['events']}")
    return 1 if failed else 0


def run():
    sys.exit(main())
