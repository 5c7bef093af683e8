"""Reads a run, sends it to a daemon, receives the flags and writes them as Parquet.

usage: run_to_parquet.py RUN INPUT OUTPUT CATCH_UP COUNT FILE

INPUT, OUTPUT and CATCH_UP are addresses of the daemon, such as tcp://127.0.0.1:5555. The program ends
when COUNT flagged records have come; `tamis score --calibration` says how many to expect of a run.
"""
import sys

import numpy as np
import tamis

if len(sys.argv) != 7:
    sys.exit(__doc__)
path, to, output, catch_up, count, file = sys.argv[1:]
run, flags = tamis.Run(path), []
with tamis.Receiver(output, catch_up=catch_up, first=1) as receiver:
    with tamis.Sender(connect=to, names=run.stated_names) as sender:
        sender.send_run(path)
    while sum(map(len, flags)) < int(count):
        flags.append(receiver.take(timeout_s=None))
tamis.to_parquet(tamis.Table(np.concatenate(flags), run.stated_names), file)
