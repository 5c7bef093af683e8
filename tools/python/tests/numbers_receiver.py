"""Writes the number of every flagged record to a file, each once whatever happens to it.

usage: numbers_receiver.py OUTPUT CATCH_UP STATE FILE
"""

import os
import sys

import tamis

output, catch_up, state, path = sys.argv[1:]
with tamis.Receiver(output, catch_up=catch_up, state=state, first=1) as receiver:
    handle = os.open(path, os.O_RDWR | os.O_CREAT)
    length = receiver.note or 0
    os.ftruncate(handle, length)  # what was written and not committed comes again
    print("ready", flush=True)
    for records in receiver:
        content = records["number"].astype("<u8").tobytes()
        os.pwrite(handle, content, length)
        os.fsync(handle)
        length += len(content)
        receiver.commit(note=length)
        if receiver.faults:
            sys.exit(str(receiver.messages))
