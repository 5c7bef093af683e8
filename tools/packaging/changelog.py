#!/usr/bin/python3
"""Writes the newest section of CHANGELOG.md as a Debian changelog, on stdout.

usage: changelog.py CHANGELOG.md VERSION MAINTAINER

The date is that of SOURCE_DATE_EPOCH.
"""

import email.utils
import os
import pathlib
import re
import sys


def main(path, version, maintainer):
    newest = re.split(r"^## ", pathlib.Path(path).read_text(), flags=re.M)[1]
    entries = re.findall(r"^- ((?:.*\n)(?:  .*\n)*)", newest, re.M)
    print(f"tamis ({version}) unstable; urgency=medium\n")
    for entry in entries:
        words, line = entry.split(), "  *"
        for word in words:
            if len(line) + 1 + len(word) > 79:
                print(line)
                line = "   "
            line += " " + word
        print(line)
    date = email.utils.formatdate(int(os.environ["SOURCE_DATE_EPOCH"]), usegmt=False)
    print(f"\n -- {maintainer}  {date}")


if __name__ == "__main__":
    main(*sys.argv[1:])
