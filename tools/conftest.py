"""What a program in the background inherits as ignored, the tests send to the programs they start."""

import signal

signal.signal(signal.SIGINT, signal.default_int_handler)
for each in (signal.SIGQUIT, signal.SIGHUP):
    signal.signal(each, signal.SIG_DFL)
