#!/usr/bin/env python3
"""A virtual board, and its power command: virtual_board.py FOLDER on|off|cycle|status|console|nmi

The board is a session of processes, the agent and its workers, in a mount namespace where boot_id is a file of its own:
each `on` gives it a new one, as a kernel does. `off` kills the session, wedged or not. An `nmi` makes it panic and boot, unless it is
wedged: then nothing on it answers. FOLDER/agent.json is the agent's
command line, FOLDER/mode what the command does:

  honest    what it is told, and says what is so
  lying     nothing, and says that all was done
  hanging   nothing, for ever
"""

import json
import os
import pathlib
import signal
import subprocess
import sys
import uuid

BOOT_ID = "/proc/sys/kernel/random/boot_id"


class VirtualBoard:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)

    def processes(self):
        """Of its session, those that live."""
        try:
            session = int((self.folder / "session").read_text())
        except FileNotFoundError:
            return []
        found = []
        for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rsplit(")", 1)[1].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if int(fields[3]) == session and fields[0] not in "ZX":
                found.append(int(stat.parent.name))
        return found

    def wedged(self):
        """All of it is stopped."""
        states = [pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] for pid in self.processes()]
        return bool(states) and set(states) == {"T"}

    def signal(self, number):
        for pid in self.processes():
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass

    def boot_id(self):
        return (self.folder / "boot_id").read_text().strip()

    def on(self):
        if self.processes():
            return
        (self.folder / "boot_id").write_text(f"{uuid.uuid4()}\n")
        command = json.loads((self.folder / "agent.json").read_text())
        bound = f'mount --bind "$1" {BOOT_ID}; shift; exec "$@"'
        # A serial log outlives the board's boots.
        with open(self.folder / "console", "ab") as console:
            board = subprocess.Popen(
                ["unshare", "--mount", "--propagation", "private", "sh", "-ec", bound, "sh", self.folder / "boot_id", *command],
                stdin=subprocess.DEVNULL, stdout=console, stderr=console, start_new_session=True)
        (self.folder / "session").write_text(str(board.pid))

    def say(self, text):
        """As its kernel would: onto the console, whether or not anybody is attached."""
        with open(self.folder / "console", "a", encoding="ascii") as console:
            console.write(text)

    def off(self):
        while self.processes():
            self.signal(signal.SIGKILL)

    def mode(self):
        return (self.folder / "mode").read_text()

    def set_mode(self, mode):
        (self.folder / "mode").write_text(mode)


def lie(board, word):
    """Says what an honest one would say if it had done it."""
    told = board.folder / "told"
    if word in ("on", "off"):
        told.write_text(word)
    if word == "status":
        print(told.read_text() if told.exists() else "on")


def obey(board, word):
    if word in ("off", "cycle"):
        board.off()
    if word in ("on", "cycle"):
        board.on()
    if word == "nmi" and board.processes() and not board.wedged():
        board.off()
        board.on()
    if word == "status":
        print("on" if board.processes() else "off")
    if word == "console":
        sys.stdout.write((board.folder / "console").read_text(errors="replace"))


def main():
    board, word = VirtualBoard(sys.argv[1]), sys.argv[2]
    with open(board.folder / "words", "a", encoding="ascii") as words:
        words.write(f"{word}\n")
    if board.mode() == "hanging":
        signal.pause()
    (lie if board.mode() == "lying" and word != "console" else obey)(board, word)


if __name__ == "__main__":
    main()
