"""A stopped agent, a board that is paused with all that runs on it, and a cut network: the same while they last, and told apart
in what is stored and shown once they are over. (A stopped worker is a hang, and no silence: outage_test.)"""

import contextlib
import json
import signal
import time
import unittest

from kill_test import LOST, rows
from lab import BOARDS, LEASE_S, LabRig, main
from rig import until
from virtual_board import VirtualBoard

# Long enough that what a busy machine does to a healthy agent is the smaller part of it.
FAULT_S = 4 * LEASE_S


@contextlib.contextmanager
def virtual_board(rig, board):
    """The board's agent runs on a virtual board from now on."""
    assert rig.agents[board].stop() == 0
    folder = rig.folder / "virtual"
    folder.mkdir()
    command = [*rig.at(board), rig.bin / "crosscall-agent", "--controller", rig.address, "--board", board, "--state-dir",
               rig.folder / f"agent-{board}", "--ca", rig.admin / "ca.pem", *rig.agent_flags]
    (folder / "agent.json").write_text(json.dumps([str(word) for word in command]))
    virtual = VirtualBoard(folder)
    virtual.on()
    try:
        yield virtual
    finally:
        virtual.off()


class SilenceTest(unittest.TestCase):
    def causes(self, rig):
        lost = rows(rig, f"SELECT board, cause FROM attempts WHERE attempt = 1 AND outcome = {LOST}")
        return {board.split("/")[1]: cause for board, cause in lost}

    def test_each_has_its_cause(self):
        with LabRig() as rig, virtual_board(rig, "b") as virtual:
            rig.create("work", 1, deadline="300s")
            running = "SELECT 1 FROM attempts WHERE attempt = 1 AND lease_state = 'active'"
            until(lambda: len(rows(rig, running)) == len(BOARDS), "all boards are at work")
            began = time.monotonic()
            rig.agents["a"].signal(signal.SIGSTOP)
            virtual.signal(signal.SIGSTOP)
            rig.network.cut("c")
            try:
                until(lambda: len(self.causes(rig)) == len(BOARDS) and time.monotonic() > began + FAULT_S, "all are lost")
                for board, cause in self.causes(rig).items():
                    self.assertTrue(cause.startswith("UNKNOWN: the lease was not renewed in time"), (board, cause))
            finally:
                rig.network.heal("c")
                virtual.signal(signal.SIGCONT)
                rig.agents["a"].signal(signal.SIGCONT)
            until(lambda: not any(cause.startswith("UNKNOWN") for cause in self.causes(rig).values()), "all are explained")
            causes = self.causes(rig)
            print(json.dumps(causes, indent=1))
            self.assertRegex(causes["a"], "^AGENT: it did not run for .*, while its board did$")
            self.assertRegex(causes["b"], "^BOARD: everything on it stood still for ")
            self.assertRegex(causes["c"], "^NETWORK: its agent ran, and ")
            for board, cause in causes.items():
                self.assertIn(cause, rig.ctl("boards", "show", board))
            # The boards work again, and their trials were leased anew.
            until(lambda: len(rows(rig, running.replace("attempt = 1", "attempt = 2"))) == len(BOARDS), "all are at work again")


if __name__ == "__main__":
    main()
