"""The ten commands of deploy/README.md, read out of it and run in order as a new user would, and what it says one sees."""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import unittest

from rig import LIMIT_S, Rig, until

TREE = pathlib.Path(__file__).resolve().parents[2]
ON_THE_BOARD, ASK_AGAIN, LABELS, MEASURES = 5, 6, 7, 8

# All that differs from what a user types, besides HOME: a folder for the controller's machine and one for the board.
# Port 0 is any free one, and the controller's log tells which; later commands get that one.
SUBSTITUTIONS = {
    "controller.example": "127.0.0.1",
    "0.0.0.0": "127.0.0.1",
    ":7000": ":0",
    ":7001": ":0",
}

ITEM = re.compile(r"^(?P<number>\d+)\. (?P<title>.+?)\n\n(?P<indent> +)```sh\n(?P<command>.+?)\n +```\n\n +See: (?P<see>.+?)\n\n",
                  re.M | re.S)


class Command:
    """One numbered item: the command, and the texts in backquotes after "See:" as what must be seen."""

    def __init__(self, item):
        self.number = int(item["number"])
        self.text = item["command"].strip()
        says = item["see"].split(" (")[0] if self.number == ASK_AGAIN else item["see"]
        quoted = re.findall(r"`([^`]+)`", says)
        # A quoted file or command says where to look.
        self.seen = [q for q in quoted if not q.startswith(("~/", "crosscallctl "))]
        log = re.search(r"> ~/(\S+) 2>&1 &$", self.text)
        self.log = log and log[1]


def section():
    text = (TREE / "deploy" / "README.md").read_text()
    return re.search(r"^## A lab in ten commands\n(.*?)^## ", text, re.M | re.S)[1]


def commands():
    return [Command(item) for item in ITEM.finditer(section())]


def plain(text):
    """Columns may be of any width."""
    return re.sub(r"\s+", " ", text)


class Machine:
    """A bash with a home of its own that is given one command after the other, as at a prompt."""

    def __init__(self, rig, name):
        self.home = rig.folder / name
        self.home.mkdir()
        self.output = rig.folder / f"{name}.log"
        self.pids = []
        environment = {"HOME": str(self.home), "PATH": f"{rig.bin}:/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
        with open(self.output, "ab") as output:
            self.shell = subprocess.Popen(["bash", "--norc"], stdin=subprocess.PIPE, stdout=output, stderr=output,
                                          cwd=TREE, env=environment, text=True)
        # Also when this test is killed: the shell sees the end of its input, and ends what it started.
        self.shell.stdin.write("trap 'kill $(jobs -p); wait' EXIT\n")

    def type(self, command):
        """Runs it; returns its exit status and what it printed. Programs in the background are remembered by their id."""
        before = self.output.stat().st_size
        done = self.home / f"done-{before}-{len(list(self.home.glob('done-*')))}"
        self.shell.stdin.write(f'{command}\necho "$? $!" > {done}.new; mv {done}.new {done}\n')
        self.shell.stdin.flush()
        until(lambda: done.exists() or self.shell.poll() is not None, f"the end of: {command}")
        status, _, pid = done.read_text().strip().partition(" ")
        if command.endswith("&"):
            self.pids.append(int(pid))
        return int(status), self.output.read_bytes()[before:].decode(errors="replace")

    def runs_in_background(self):
        return any(pathlib.Path(f"/proc/{pid}").exists() for pid in self.pids)

    def close(self):
        self.shell.stdin.close()
        try:
            self.shell.wait(timeout=LIMIT_S)
        except subprocess.TimeoutExpired:
            for pid in filter(lambda pid: pathlib.Path(f"/proc/{pid}").exists(), self.pids):
                os.kill(pid, signal.SIGKILL)
            self.shell.kill()
            self.shell.wait()


class TenCommandsTest(unittest.TestCase):
    def setUp(self):
        self.rig = Rig()
        self.substitutions = dict(SUBSTITUTIONS)
        self.controller, self.board = Machine(self.rig, "controller"), Machine(self.rig, "board")

    def tearDown(self):
        # The agent first, so that it can take leave of the controller.
        self.board.close()
        self.controller.close()
        self.rig.__exit__(None, None, None)

    def here(self, text):
        for there, here in self.substitutions.items():
            text = text.replace(there, here)
        return text

    def missing(self, command, text):
        text = plain(text)
        return [s for s in command.seen if plain(self.here(s).removesuffix(":0")) not in text]

    def carry(self):
        """What scp does in the README."""
        for name in ("ca.pem", "a1.token"):
            shutil.copy2(self.controller.home / "crosscall-admin" / name, self.board.home)

    def starts(self, machine, command):
        self.assertEqual(machine.type(self.here(command.text))[0], 0)
        log = machine.home / command.log

        def said():
            return log.exists() and not self.missing(command, log.read_text())
        until(lambda: said() or not machine.runs_in_background(), f"{command.seen} in {log.name} of command {command.number}")
        text = log.read_text()
        self.assertTrue(machine.runs_in_background() and said(), f"command {command.number}:\n{text}")
        port = re.search(r"serving gRPC on \S+:(\d+)", text)
        if port:
            self.substitutions[":7000"] = f":{port[1]}"

    def asks_until_active(self, command):
        def active():
            status, output = self.controller.type(self.here(command.text))
            self.assertEqual(status, 0, output)
            # A busy machine. The README says what to do then, and that without SCHED_FIFO it does not help.
            held = re.search(r"^a1 +quarantined +\w+ +\d+ +(?P<fifo>\w+) .*", output, re.M)
            if held and held["fifo"] == "no" and "disturbed" in held[0]:
                self.skipTest("this machine is too busy for a board without SCHED_FIFO")
            if held:
                self.controller.type("crosscallctl boards release a1")
            return not self.missing(command, output)
        until(active, f"{command.seen} of command {command.number}")

    def runs(self, command):
        status, output = self.controller.type(self.here(command.text))
        # A measurement may come out invalid on a busy machine, which is 1; that it ends is what counts.
        self.assertIn(status, (0, 1) if command.number == MEASURES else (0,), output)
        if command.number == LABELS:
            output += self.controller.type("crosscallctl boards")[1]
        self.assertEqual(self.missing(command, output), [], f"command {command.number}:\n{output}")

    def test_each_does_what_the_readme_says(self):
        for command in commands():
            if command.number == ON_THE_BOARD:
                self.carry()
                self.starts(self.board, command)
            elif command.log:
                self.starts(self.controller, command)
            elif command.number == ASK_AGAIN:
                self.asks_until_active(command)
            else:
                self.runs(command)


class SectionTest(unittest.TestCase):
    def test_there_are_ten(self):
        found = commands()
        self.assertEqual([c.number for c in found], list(range(1, 11)))
        self.assertEqual(section().count("```sh"), 10)
        self.assertEqual(len(re.findall(r"^\d+\. ", section(), re.M)), 10)
        for command in found:
            self.assertEqual(len(command.text.splitlines()), 1, command.text)

    def test_each_but_the_export_says_what_is_seen(self):
        self.assertEqual([c.number for c in commands() if not c.seen], [3])


if __name__ == "__main__":
    unittest.main()
