#!/usr/bin/env python3
"""A virtual board of QEMU: qmp.py SOCKET [--console FILE] WORD, with SOCKET that of `-qmp unix:SOCKET,server,wait=off`.

crosscallctl boards set-power vm1 --cycle-only --nmi --console -- \
    /usr/local/lib/crosscall/power/qmp.py /run/vm1/qmp --console /run/vm1/serial.log

QEMU resets a machine, and cannot hold one off without ending: hence --cycle-only. `console` prints the serial log since
the last `cycle`, and the registers of every CPU: the best witness there is of one that answers to nothing.
"""

import argparse
import json
import os
import socket
import sys

TIME_LIMIT_S = 10
LOG_BYTES = 12 * 1024
COMMANDS = {"cycle": "system_reset", "nmi": "inject-nmi"}


class Monitor:
    """One session of QMP; an error that QEMU reports is a RuntimeError."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(TIME_LIMIT_S)
        self.socket.connect(path)
        self.lines = self.socket.makefile("r", encoding="utf-8")
        self.lines.readline()
        self.run("qmp_capabilities")

    def run(self, command, **arguments):
        request = {"execute": command, **({"arguments": arguments} if arguments else {})}
        self.socket.sendall(json.dumps(request).encode() + b"\n")
        for line in self.lines:
            answer = json.loads(line)
            if "return" in answer:
                return answer["return"]
            if "error" in answer:
                raise RuntimeError(answer["error"].get("desc", "QEMU refused"))
        raise RuntimeError("QEMU closed the connection")


def status(path):
    try:
        state = Monitor(path).run("query-status")["status"]
    except (ConnectionRefusedError, FileNotFoundError):
        # Nobody listens: the machine's process has ended.
        return "off"
    except (OSError, RuntimeError):
        return "unknown"
    return "on" if state in ("running", "guest-panicked", "watchdog") else "unknown"


def mark_of(log):
    return log + ".mark"


def set_mark(log):
    with open(mark_of(log), "w", encoding="ascii") as mark:
        mark.write(str(os.path.getsize(log) if os.path.exists(log) else 0))


def since_mark(log):
    try:
        with open(mark_of(log), encoding="ascii") as mark:
            start = int(mark.read())
    except (OSError, ValueError):
        start = 0
    with open(log, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        file.seek(max(start if start <= size else 0, size - LOG_BYTES))
        return file.read().decode(errors="replace")


def main():
    parser = argparse.ArgumentParser(description="Switches a virtual board by QMP.")
    parser.add_argument("socket")
    parser.add_argument("--console", help="the serial log of the board")
    parser.add_argument("word", choices=["cycle", "status", "nmi", "console"])
    options = parser.parse_args()
    if options.word == "status":
        print(status(options.socket))
        return 0
    try:
        if options.word == "console":
            if options.console:
                print(since_mark(options.console))
            print(Monitor(options.socket).run("human-monitor-command", **{"command-line": "info registers -a"}))
            return 0
        if options.word == "cycle" and options.console:
            set_mark(options.console)
        Monitor(options.socket).run(COMMANDS[options.word])
    except (OSError, RuntimeError) as error:
        print(f"qmp.py: {options.socket}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
