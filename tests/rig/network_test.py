"""Links of a lab that are cut, carry one way only, or are slow and lossy: the board concerned is silent in the stated time,
the others go on as before, and when all is healed each trial has its result exactly once."""

import statistics
import time
import unittest

from kill_test import rows
from lab import ASKING_S, BOARDS, SILENT_S, LabRig, check_each_result_once, cycles_s, main
from rig import until

OTHERS = ("b", "c")


class CutTest(unittest.TestCase):
    def test_a_board_that_is_cut_off_delays_nobody_and_comes_back(self):
        with LabRig() as rig:
            rig.create("cut", 40)
            start = time.time_ns()
            rig.wait_for_more(BOARDS, 8)
            rig.network.cut("a")
            cut = time.time_ns()
            rig.wait_for_silence("a")
            silent_s = (time.time_ns() - cut) / 1e9
            self.assertLessEqual(silent_s, SILENT_S + ASKING_S)
            rig.run_more("meanwhile", OTHERS, 8)
            self.assertFalse(rig.is_online("a"))
            healed = time.time_ns()
            rig.network.heal("a")
            rig.wait_for_board("a")
            self.assertEqual(rig.wait_for_end("cut")["state"], "STATE_SUCCEEDED")
            print(f"silent after {silent_s:.1f} s;", check_each_result_once(self, rig))
            before, during = (median_of(rig, *span) for span in ((start, cut), (cut, healed)))
            print(f"a trial of the others every {before:.3f} s before, {during:.3f} s while one board was cut off")
            self.assertLessEqual(during, 1.2 * before + 0.05)

    def test_a_controller_restarted_while_two_links_are_down(self):
        with LabRig() as rig:
            rig.create("restart", 16)
            rig.wait_for_more(BOARDS, 2)
            for board in ("a", "b"):
                rig.network.cut(board)
            rig.run_more("one-left", ("c",), 2)
            rig.controller.kill()
            rig.start_controller()
            rig.run_more("restarted", ("c",), 3)
            for board in ("a", "b"):
                self.assertFalse(rig.is_online(board))
                rig.network.heal(board)
            self.assertEqual(rig.wait_for_end("restart")["state"], "STATE_SUCCEEDED")
            print("restarted behind two cut links:", check_each_result_once(self, rig))


class OneWayTest(unittest.TestCase):
    def test_no_worker_outlives_its_lease_behind_a_link_that_carries_one_way(self):
        """Of `a` nothing arrives at the controller, of the controller nothing arrives at `b`."""
        with LabRig() as rig:
            # Longer than a lease, so that the lease must be renewed while the trial runs.
            rig.create("one-way", 2, deadline="4s")
            until(lambda: all(rig.worker_of(board) for board in BOARDS), "all boards work")
            rig.network.mute("a")
            rig.network.deafen("b")
            for board in ("a", "b"):
                self.check_lost_and_stopped(rig, board)
            rig.run_more("meanwhile", ("c",), 1)
            rig.network.unmute("a")
            rig.network.undeafen("b")
            self.assertEqual(rig.wait_for_end("one-way")["state"], "STATE_SUCCEEDED")
            print("links of one way:", check_each_result_once(self, rig))
            lost = {board[-1] for board, in rows(rig, "SELECT DISTINCT board FROM attempts WHERE outcome = 6")}
            self.assertEqual(lost, {"a", "b"}, "the third board lost nothing")

    def check_lost_and_stopped(self, rig, board):
        until(lambda: rows(rig, f"SELECT 1 FROM attempts WHERE board LIKE '%{board}' AND end_time <> 0"), f"the lease of {board} ends")
        self.assertIsNone(rig.worker_of(board), f"{board} has stopped its worker before that")
        rig.wait_for_silence(board)


class SlowTest(unittest.TestCase):
    def test_delay_and_loss_cost_time_and_nothing_else(self):
        """200 ms each way and 5 % of the frames: enrolment, sweep and uploads of a board on such a link."""
        with LabRig(controller_flags=[], slow={"b": (0.2, 0.05, 2008)}) as rig:
            rig.create("slow", 10)
            self.assertEqual(rig.wait_for_end("slow")["state"], "STATE_SUCCEEDED")
            print("slow link:", check_each_result_once(self, rig, lost_allowed=False))
            self.assertEqual(rows(rig, "SELECT count(*) FROM sessions")[0][0], len(BOARDS), "no agent began anew")
            wire = rig.network.wires[0]
            self.assertGreater(wire.lost, 0)
            print(f"frames: {wire.carried} carried, {wire.lost} lost")


def median_of(rig, start, end):
    return statistics.median(span for board in OTHERS for span in cycles_s(rig, board, start, end))


if __name__ == "__main__":
    main()
