"""A rig of real processes on loopback: one controller, agents with their workers, and crosscallctl to ask.

Everything lives in a private folder, ports are chosen by the kernel, and every process is ended by its id. Waiting means
asking again until a condition holds; the limits are generous, since they only end a test that has failed.
"""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

LIMIT_S = 240
LOOK_AGAIN_S = 0.02


def until(condition, what, limit_s=LIMIT_S):
    """The first true value of `condition`; AssertionError with `what` after the limit."""
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(LOOK_AGAIN_S)
    raise AssertionError(f"not within {limit_s} s: {what}")


class Process:
    """A child that is killed and reaped by its id, with its output in a file."""

    def __init__(self, arguments, log):
        self.log = log
        with open(log, "ab") as output:
            self.popen = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=output, stderr=output)

    @property
    def pid(self):
        return self.popen.pid

    def signal(self, number):
        self.popen.send_signal(number)

    def kill(self):
        self.popen.kill()
        self.popen.wait()

    def stop(self):
        """SIGTERM; returns the exit status."""
        self.popen.send_signal(signal.SIGCONT)
        self.popen.terminate()
        return self.popen.wait(timeout=LIMIT_S)

    def running(self):
        return self.popen.poll() is None

    def text(self):
        return pathlib.Path(self.log).read_text(errors="replace")


class Rig:
    """Use as a context manager. `controller_flags` and `agent_flags` are added to every start."""

    listen = "127.0.0.1:0"

    def __init__(self, controller_flags=(), agent_flags=("--no-realtime",)):
        self.bin = pathlib.Path(os.environ["CROSSCALL_BIN"])
        # On a busy machine trials come out invalid, rightly, and are tried again: as often as it takes.
        # Health trials have a test of their own, which asks for them.
        health = [] if "--health-period" in controller_flags else ["--no-health-trials"]
        self.controller_flags = ["--attempts", "100", *health, *controller_flags]
        self.agent_flags = list(agent_flags)
        self.folder = self.make_folder()
        self.controller = None
        self.agents = {}
        self.address = self.listen
        self.metrics = "127.0.0.1:0"

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if kind is not None:
            print(self.logs())
        for process in [*self.agents.values(), self.controller]:
            if process is not None and process.running():
                process.signal(signal.SIGCONT)
                process.kill()
        self.remove_folder()

    def make_folder(self):
        return pathlib.Path(tempfile.mkdtemp(prefix="crosscall-rig-"))

    def remove_folder(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    def logs(self):
        parts = []
        for log in sorted(self.folder.glob("*.log")):
            lines = log.read_text(errors="replace").splitlines()[-40:]
            parts.append(f"--- {log.name}\n" + "\n".join(lines))
        return "\n".join(parts)

    def security_flags(self):
        return ["--insecure"]

    def at(self, place):
        """What a command begins with to run there: "controller", a board, or the "desk" of who asks."""
        return []

    def start_controller(self, state=None, wait=True, program=None):
        """Starts, or starts again: on the same ports as before, so that agents find it."""
        endpoints = self.folder / "endpoints.json"
        endpoints.unlink(missing_ok=True)
        self.controller = Process(
            [*self.at("controller"), program or self.bin / "crosscall-controller", *self.security_flags(), "--state-dir", state or self.folder / "controller",
             "--listen", self.address, "--metrics-listen", self.metrics, "--endpoints-file", endpoints, *self.controller_flags],
            self.folder / "controller.log")
        if not wait:
            return
        until(lambda: endpoints.exists() or not self.controller.running(), "controller serves")
        assert self.controller.running(), self.controller.text()
        found = json.loads(endpoints.read_text())
        self.address, self.metrics = found["grpc"], found["metrics"]

    def start_agent(self, board="rig", state=None, extra=(), program=None):
        self.agents[board] = Process(
            [*self.at(board), program or self.bin / "crosscall-agent", "--controller", self.address, "--board", board, "--state-dir",
             state or self.folder / f"agent-{board}", *self.agent_flags, *extra],
            self.folder / f"agent-{board}.log")
        return self.agents[board]

    def wait_for_board(self, board="rig"):
        until(lambda: self.is_online(board), f"board {board} online")

    def is_online(self, board):
        return any(b["board"] == board and b["online"] for b in self.boards())

    def ctl(self, *arguments, status=(0,)):
        """Runs crosscallctl; returns its standard output. Any exit status not in `status` fails."""
        done = subprocess.run([self.bin / "crosscallctl", "--controller", self.address, *map(str, arguments)],
                              capture_output=True, text=True, timeout=LIMIT_S, check=False)
        assert done.returncode in status, f"{arguments}: exit {done.returncode}\n{done.stdout}{done.stderr}\n{self.logs()}"
        return done.stdout

    def objects(self, *arguments, status=(0,)):
        return [json.loads(line) for line in self.ctl("--json", *arguments, status=status).splitlines()]

    def boards(self):
        """Empty while the controller is not reachable."""
        return self.objects("boards", "list", status=(0, 4))

    def sweep(self, name):
        return self.objects("sweep", "show", name)[0]

    def create_sweep(self, name, text):
        path = self.folder / f"{name}.yaml"
        path.write_text(text)
        self.ctl("sweep", "run", path, "--id", name)

    def wait_for_end(self, name):
        def ended():
            with contextlib.suppress(AssertionError):
                sweep = self.sweep(name)
                return sweep if sweep.get("state") in ("STATE_SUCCEEDED", "STATE_FAILED", "STATE_CANCELLED") else None
            return None
        return until(ended, f"sweep {name} ended")

    def metric(self, name):
        """Sum of the samples whose name and labels begin with `name`, of both pages."""
        ask = (f"import urllib.request as u; [print(u.urlopen('http://{self.metrics}' + page).read().decode())"
               " for page in ('/metrics', '/metrics/results')]")
        text = subprocess.run([*self.at("controller"), sys.executable, "-c", ask], capture_output=True, text=True, check=True).stdout
        return sum(float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line.startswith(name))

    def worker_of(self, board="rig"):
        """Process id of the worker that runs the agent's trial, or None. One that only describes itself is none."""
        agent = self.agents[board]
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            for task in pathlib.Path(f"/proc/{agent.pid}/task").iterdir():
                for child in (task / "children").read_text().split():
                    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                        command = pathlib.Path(f"/proc/{child}/cmdline").read_text()
                        # A child that is still a copy of its agent has the worker's path among its arguments, too.
                        if command.split("\0")[0].endswith("crosscall-worker") and "--describe" not in command:
                            return int(child)
        return None
