#!/usr/bin/python3
"""Writes the manual pages: of the programs from what they say of themselves, of tamisd.yaml from the
comments of the example.

usage: manual.py BIN CONFIGURATION FOLDER

BIN holds tamis and tamisd, CONFIGURATION is the commented example; the pages go to FOLDER. The date
is that of SOURCE_DATE_EPOCH.
"""

import datetime
import json
import os
import pathlib
import re
import subprocess
import sys

PAGES_TOO = {"tamis": ["tamisd 8"], "tamisd": ["tamis 1", "tamisd.yaml 5"],
             "tamisd.yaml": ["tamisd 8"], "tamis-demo": ["tamis 1", "tamisd 8"]}
# What tamisd opens beside what its options and its configuration name.
FILES = {"tamisd": [
    ("/etc/tamis/tamisd.yaml", "the configuration of the service"),
    ("/var/lib/tamis/journal", "the journal of the service: flagged records in segments, their "
     "manifest, ledger.jsonl, decisions.jsonl, and lock, which the running daemon holds"),
    ("/run/tamis", "the folder for ipc sockets of the service")]}
EXIT_STATUS = "0 done; 1 the work failed or the answer is no; 2 wrong usage."


def text(words):
    """Words that roff shall not read as its own."""
    escaped = words.replace("\\", "\\e")
    return "\\&" + escaped if escaped[:1] in (".", "'") else escaped


def literal(lines):
    return [".Bd -literal -offset indent",
            *(text(line).replace("-", "\\-") for line in lines), ".Ed"]


def filled(paragraph):
    """A paragraph, a line each sentence, as mdoc wants it."""
    words = " ".join(paragraph.split())
    return [text(line) for line in re.sub(r"(?<=[a-z)\]`0-9][.:]) (?=[A-Z])", "\n", words).split("\n")]


def argument(word):
    """One word as an argument of a macro: never a macro's name itself."""
    escaped = word.replace("\\", "\\e").replace('"', '\\(dq')
    return f'"{escaped}"' if " " in escaped or not escaped else "\\&" + escaped


class Page:
    def __init__(self, name, section, abstract, version):
        seconds = int(os.environ.get("SOURCE_DATE_EPOCH", "0"))
        date = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
        self.name, self.section = name, section
        self.lines = [f".Dd {date:%B} {date.day}, {date.year}", f".Dt {name.upper()} {section}",
                      f".Os Tamis {version}", ".Sh NAME", f".Nm {name}",
                      f".Nd {text(abstract.rstrip('.'))}"]

    def add(self, heading, lines):
        if lines:
            self.lines += [f".Sh {heading}", *lines]

    def see_also(self, pages):
        others = sorted((page for page in pages if page != f"{self.name} {self.section}"),
                        key=lambda page: (page.split()[1], page))
        self.add("SEE ALSO", [f".Xr {page}" + (" ," if page != others[-1] else "")
                              for page in others])

    def write(self, folder):
        path = pathlib.Path(folder) / f"{self.name}.{self.section}"
        path.write_text("\n".join(self.lines) + "\n")


def discussion(command):
    """What a command says at length: its description, its examples and its exit status."""
    described, examples, status = [], [], EXIT_STATUS
    for paragraph in command.get("discussion", "").split("\n\n"):
        if re.match(r"Examples?\b.*:\n", paragraph):
            examples += ([".Pp"] if examples else []) + literal(
                line[2:] if line.startswith("  ") else line
                for line in paragraph.split("\n")[1:])
        elif paragraph.startswith("Exit status: "):
            status = " ".join(paragraph.split()).removeprefix("Exit status: ")
        elif paragraph:
            described += ([".Pp"] if described else []) + filled(paragraph)
    return described, examples, filled(status)


def flag(name):
    return ("Fl " if name["kind"] == "short" else "Fl -") + name["name"]


def usage(arguments):
    for each in arguments:
        if each["kind"] == "positional":
            words = f"Ar {argument(each['valueName'])}"
        else:
            words = flag(each["preferredName"])
            if each["kind"] == "option":
                words += f" Ar {argument(each['valueName'])}"
        if each["isRepeating"]:
            words += " ..."
        yield f".Op {words}" if each["isOptional"] else f".{words}"


def options(arguments):
    lines = [".Bl -tag -width indent"]
    for each in arguments:
        if each["kind"] == "positional":
            words = f"Ar {argument(each['valueName'])}"
        else:
            words = " , ".join(flag(name) for name in each["names"])
            if each["kind"] == "option":
                words += f" Ar {argument(each['valueName'])}"
        lines += [f".It {words}", *filled(each.get("abstract", ""))]
        default = each.get("defaultValue")
        if default is not None and each["kind"] != "flag":
            # A list shows itself as Swift describes its type.
            plain = re.sub(r"^\w+<\w+>\(values: (.*)\)$", r"\1", default)
            lines += [text(f"Default: {plain}.")]
    return lines + [".El"] if len(lines) > 1 else []


def shown(arguments):
    return [each for each in arguments or [] if each["shouldDisplay"]]


def command_body(page, command, words):
    """Synopsis, description and options, also of the commands within this one."""
    inner = [each for each in command.get("subcommands", []) if each["commandName"] != "help"]
    described, examples, status = discussion(command)
    synopsis, all_options = [], []
    for each, line in ([(each, words + [each["commandName"]]) for each in inner]
                       or [(command, words)]):
        arguments = shown(each.get("arguments"))
        synopsis += [f".Nm {argument(' '.join(line))}", *usage(arguments)]
        listed = options(arguments)
        if inner and listed:
            listed = [f".Ss {' '.join(line)}", *filled(each.get("abstract", "")), ".Pp", *listed]
        all_options += listed
        if inner:
            more, more_examples, _ = discussion(each)
            described += ([".Pp"] if described and more else []) + more
            examples += more_examples
    page.add("SYNOPSIS", synopsis)
    page.add("DESCRIPTION", described or filled(command["abstract"]))
    page.add("OPTIONS", all_options)
    files = [line for path, meaning in FILES.get(page.name, [])
             for line in (f".It Pa {path}", *filled(meaning))]
    page.add("FILES", [".Bl -tag -width indent", *files, ".El"] if files else [])
    page.add("EXIT STATUS", status)
    page.add("EXAMPLES", examples)


def program_pages(program, section, version, folder):
    """The page of a program, and one for each of its commands."""
    said = subprocess.run([program, "--experimental-dump-help"], capture_output=True, check=True)
    root = json.loads(said.stdout)["command"]
    name = root["commandName"]
    commands = [each for each in root.get("subcommands", []) if each["commandName"] != "help"]
    pages = [f"{name}-{each['commandName']} {section}" for each in commands]
    page = Page(name, section, root["abstract"], version)
    if commands:
        described, examples, status = discussion(root)
        page.add("SYNOPSIS", [f".Nm {name}", ".Ar command", ".Op Ar arguments ..."])
        page.add("DESCRIPTION", described)
        page.add("COMMANDS", [".Bl -tag -width indent", *(
            line for each in commands for line in
            (f".It Xr {name}-{each['commandName']} {section}", *filled(each["abstract"]))), ".El"])
        page.add("EXIT STATUS", status)
        page.add("EXAMPLES", examples)
    else:
        command_body(page, root, [name])
    page.see_also(pages + PAGES_TOO.get(name, []))
    page.write(folder)
    for command in commands:
        own = Page(f"{name}-{command['commandName']}", section, command["abstract"], version)
        command_body(own, command, [name, command["commandName"]])
        own.see_also([f"{name} {section}", *PAGES_TOO.get(name, [])])
        own.write(folder)


def configuration_page(path, version, folder):
    """Keys, defaults and comments of the example, in its order."""
    page = Page("tamisd.yaml", 5, "configuration of tamisd", version)
    description, body, comment, stack = [], [], [], []

    def paragraphs():
        nonlocal comment
        lines = []
        for part in "\n".join(comment).split("\n\n"):
            if not part.strip():
                continue
            if all(line.startswith("  ") for line in part.split("\n")):
                lines += literal(line[2:] for line in part.split("\n"))
            else:
                lines += ([".Pp"] if lines else []) + filled(part)
        comment = []
        return lines

    for line in path.read_text().splitlines():
        stripped = line.strip()
        if stripped.startswith("#"):
            comment.append(stripped[1:].removeprefix(" "))
        elif not stripped:
            # A comment that belongs to no key: the head of the file.
            lines = paragraphs()
            begins_filled = lines and not lines[0].startswith(".Bd")
            description += ([".Pp"] if description and begins_filled else []) + lines
        elif found := re.match(r"( *)([a-z0-9_]+):(?: +(.*))?$", line):
            depth, key, value = len(found[1]) // 2, found[2], found[3]
            stack[depth:] = [key]
            body += [f".It Cm {argument('.'.join(stack))}"
                     + (f" : Li {argument(value)}" if value else ""), *paragraphs()]
        else:
            body += literal([line])
    page.add("DESCRIPTION", description)
    page.add("KEYS", [".Bl -tag -width indent", *body, ".El"])
    page.add("FILES", [".Bl -tag -width indent", ".It Pa /etc/tamis/tamisd.yaml",
                       "of the service", ".Em tamisd",
                       ".It Pa /etc/tamis/NAME.yaml", "of the service", ".Em tamisd@NAME", ".El"])
    page.see_also(PAGES_TOO["tamisd.yaml"])
    page.write(folder)


def demo_page(version, folder):
    page = Page("tamis-demo", 1, "run the whole chain of Tamis on this machine", version)
    page.add("SYNOPSIS", [".Nm", ".Op Ar folder"])
    page.add("DESCRIPTION", filled(
        "Simulates, trains, calibrates, starts tamisd, replays a run, receives what is flagged, and "
        "checks that online and offline agree to the bit. Everything goes into FOLDER, which must be "
        "new or empty; without it a temporary one is made. Takes a few minutes. Needs python3 with "
        "NumPy and pyzmq."))
    page.add("EXIT STATUS", filled(EXIT_STATUS))
    page.see_also(PAGES_TOO["tamis-demo"])
    page.write(folder)


def main(bin_folder, configuration, folder):
    programs = pathlib.Path(bin_folder)
    said = subprocess.run([programs / "tamis", "--version"], capture_output=True, text=True,
                          check=True).stdout
    version = said.split()[1]
    program_pages(programs / "tamis", 1, version, folder)
    program_pages(programs / "tamisd", 8, version, folder)
    configuration_page(pathlib.Path(configuration), version, folder)
    demo_page(version, folder)


if __name__ == "__main__":
    main(*sys.argv[1:])
