"""Full disks in the middle of a sweep: of the controller's store and of an agent's spool, filled and freed again."""

import unittest

from kill_test import rows
from lab import BOARDS, LabRig, check_each_result_once, main
from rig import until

STORE_MIB = 32
# The agent takes no work below 64 MiB and takes it again from 96 MiB on.
SPOOL_MIB = 128


class DiskTest(unittest.TestCase):
    def test_a_store_that_is_full_in_a_sweep_loses_nothing_that_it_acknowledged(self):
        with LabRig(disks={"controller": STORE_MIB}) as rig:
            rig.create("store", 12)
            rig.wait_for_more(BOARDS, 3)
            ballast = fill(rig.folder / "controller")
            until(lambda: "the disk of the state folder is full" in rig.controller.text(), "the controller says so")
            until(lambda: all(spooled(rig, board) for board in BOARDS), "results wait in the spools")
            acknowledged = rows(rig, "SELECT trial, attempt, sha256 FROM results ORDER BY id")
            done = rig.call_as(rig.admin, "sweep", "cancel", "store")
            self.assertNotEqual(done.returncode, 0)
            self.assertIn("full", done.stderr)
            # In that state it is killed and comes back.
            rig.controller.kill()
            ballast.unlink()
            rig.start_controller()
            self.assertEqual(rows(rig, "SELECT trial, attempt, sha256 FROM results ORDER BY id")[:len(acknowledged)], acknowledged)
            self.assertEqual(rig.wait_for_end("store")["state"], "STATE_SUCCEEDED", "the refused cancel has not happened")
            print("store full:", check_each_result_once(self, rig))
            rig.controller.stop()
            rig.console("check")

    def test_a_spool_that_is_full_keeps_its_result_until_there_is_room(self):
        with LabRig(disks={"agent-a": SPOOL_MIB}) as rig:
            rig.create("spool", 2, deadline="1s")
            until(lambda: rig.worker_of("a"), "the trial runs")
            ballast = fill(rig.folder / "agent-a")
            until(lambda: "No space left" in rig.agents["a"].text(), "the agent says so")
            until(lambda: "the spool cannot be written" in health(rig, "a"), "the lab is told")
            rig.run_more("meanwhile", ("b", "c"), 1)
            self.assertFalse(rows(rig, "SELECT 1 FROM attempts WHERE board LIKE '%a' AND outcome <> 0"), "its result is not given up")
            ballast.unlink()
            self.assertEqual(rig.wait_for_end("spool")["state"], "STATE_SUCCEEDED")
            print("spool full:", check_each_result_once(self, rig, lost_allowed=False))


def spooled(rig, board):
    return list((rig.folder / f"agent-{board}").glob("**/*.result"))


def health(rig, board):
    return rig.objects("boards", "show", board)[0].get("health", "")


def fill(folder):
    """Not a byte is left; returns the file to delete."""
    ballast = folder / "ballast"
    with open(ballast, "wb", buffering=0) as file:
        for size in (1 << 20, 4096, 1):
            try:
                while file.write(b"x" * size):
                    pass
            except OSError:
                pass
    return ballast


if __name__ == "__main__":
    main()
