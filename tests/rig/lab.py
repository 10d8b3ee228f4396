"""A lab of a controller and three boards as real processes over TLS, each in a network namespace with its own address.

A person's desk is a place of its own too. Needs root and network namespaces; `main` says so and skips otherwise.
"""

import os
import signal
import sys
import unittest

from kill_test import FINISHED, INVALID, LOST, rows
from network import Network, run
from rig import until
from security_test import SecureRig

SKIPPED = 77
BOARDS = ("a", "b", "c")
ADDRESSES = {"controller": "10.77.0.1", "desk": "10.77.0.2", "a": "10.77.0.11", "b": "10.77.0.12", "c": "10.77.0.13"}

HOLD_IDLE_S, HOLD_BUSY_S, LEASE_S = 1.0, 0.5, 3.0
# A board is silent after three holds; what is added is for asking, on a machine that also does other things.
SILENT_S = 3 * HOLD_IDLE_S
ASKING_S = 2.0
QUICK = ["--hold-idle", f"{HOLD_IDLE_S}s", "--hold-busy", f"{HOLD_BUSY_S}s", "--reconnect-grace", "1s",
         "--first-term", f"{LEASE_S}s", "--lease-term", f"{LEASE_S}s", "--spooled-result-wait", "5s"]

# What comes of these does not depend on how busy the machine is, as a measurement does, which is invalid if it was
# disturbed. The first is refused at once; the second hangs, since its interrupt is lost, and says so after the deadline
# and a second of inquiry.
SHORT = """
scenarios: [mutual-masked]
implementations: [generic_2008/fail_fast/mask_all]
calls: 100
"""
LONG = """
scenarios: [lost-ipi]
implementations: [per_target/spin/mask_all]
target_states: [sleep]
deadline: {deadline}
"""


def sweep_text(repetitions, deadline=None, boards=BOARDS):
    """The text of a sweep of short trials; of long ones with a deadline."""
    trial = LONG.format(deadline=deadline) if deadline else SHORT
    return f"{trial}no_realtime: true\nrepetitions: {repetitions}\nboards: [{', '.join(boards)}]\n"


class LabRig(SecureRig):
    """`slow` maps boards to the wire they hang on, see Network.join; `disks` folders of the rig to the MiB of a file system
    of their own, so small that a test can fill it."""

    listen = f"{ADDRESSES['controller']}:7000"

    def __init__(self, controller_flags=QUICK, boards=BOARDS, slow=None, disks=None):
        self.disks = disks or {}
        self.network = Network()
        try:
            for place in ("controller", "desk", *boards):
                self.network.join(place, ADDRESSES[place], (slow or {}).get(place))
            super().__init__(controller_flags, init_flags=["--host", ADDRESSES["controller"]])
            for board in boards:
                self.secure_agent(board, self.token("--board", board))
            for board in boards:
                self.wait_for_board(board)
        except BaseException as error:
            self.__exit__(type(error), error, None)
            raise

    def __exit__(self, kind, value, trace):
        try:
            if hasattr(self, "folder"):
                super().__exit__(kind, value, trace)
        finally:
            self.network.remove()

    def make_folder(self):
        folder = super().make_folder()
        for name, mebibytes in self.disks.items():
            (folder / name).mkdir(mode=0o700)
            run("mount", "-t", "tmpfs", "-o", f"size={mebibytes}m,mode=0700", "tmpfs", folder / name)
        return folder

    def remove_folder(self):
        for name in self.disks:
            # Lazily: what was killed a moment ago may hold it yet.
            run("umount", "--lazy", self.folder / name)
        super().remove_folder()

    def at(self, place):
        return self.network.at(place)

    def again(self, board):
        """Starts the board's agent once more; it has its certificate."""
        return self.secure_agent(board)

    def create(self, name, repetitions, deadline=None, boards=BOARDS):
        self.create_sweep(name, sweep_text(repetitions, deadline, boards))

    def finished(self, board):
        return rows(self, f"SELECT count(*) FROM trials WHERE board LIKE '%{board}' AND state = {FINISHED}")[0][0]

    def wait_for_more(self, boards, trials):
        """Until each of the boards has finished that many more."""
        goals = {board: self.finished(board) + trials for board in boards}
        until(lambda: all(self.finished(board) >= goal for board, goal in goals.items()), f"{boards} finish {trials} more trials")

    def run_more(self, name, boards, trials):
        """A sweep of its own on those boards, so that they have work however fast they were with what they had."""
        self.create(name, trials, boards=boards)
        self.wait_for_end(name)

    def wait_for_silence(self, board):
        until(lambda: not self.is_online(board), f"board {board} silent")


def cycles_s(rig, board, start, end):
    """Spans from the end of a trial to the end of the next, on that board between those times of the controller's."""
    ends = [row[0] for row in rows(rig, f"SELECT end_time FROM attempts WHERE board LIKE '%{board}' AND end_time BETWEEN "
                                        f"{start} AND {end} ORDER BY end_time")]
    return [(after - before) / 1e9 for before, after in zip(ends, ends[1:])]


def check_each_result_once(test, rig, lost_allowed=True):
    """Every trial is finished by exactly one result, no lease is open, no spool holds anything."""
    trials = dict(rows(rig, "SELECT id, state FROM trials"))
    test.assertEqual(set(trials.values()), {FINISHED}, rows(rig, f"SELECT name, state, state_reason FROM trials WHERE state <> {FINISHED}"))
    findings = rows(rig, f"SELECT trial, count(*) FROM results WHERE evidence = 0 AND outcome NOT IN ({INVALID}, {LOST}) GROUP BY trial")
    test.assertEqual({trial: 1 for trial in trials}, dict(findings), "each trial has one result")
    test.assertEqual(rows(rig, "SELECT count(*) FROM attempts WHERE end_time = 0")[0][0], 0, "no lease is left open")
    until(lambda: not list(rig.folder.glob("agent-*/**/*.result")), "the spools are empty")
    lost = rows(rig, f"SELECT board, cause FROM attempts WHERE outcome = {LOST}")
    if not lost_allowed:
        test.assertEqual(lost, [])
    return f"{len(trials)} trials, {rows(rig, 'SELECT count(*) FROM attempts')[0][0]} attempts, lost {len(lost)}"


def why_not():
    """Why there can be no lab here; empty if there can."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    try:
        network = Network()
    except OSError as error:
        return f"no network namespaces here: {error}"
    try:
        network.join("a", ADDRESSES["a"])
        network.mute("a")
        return ""
    except OSError as error:
        return f"no network of our own here: {error}"
    finally:
        network.remove()


def main():
    reason = why_not()
    if reason:
        print(f"skipped: {reason}")
        sys.exit(SKIPPED)
    # Asked to end, it leaves nothing behind: this is what ends every test.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    unittest.main()
