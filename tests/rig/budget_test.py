"""A sweep whose time budget is used up, and the one that runs what it left, from the command line and back."""

import unittest

from rig import Rig

# Searches that fill their time: one is begun within a budget that is shorter than it.
SWEEP = """
scenarios: [mesh]
implementations: [generic_2008/*/mask_all, per_target/*/mask_all]
target_system: explore
memory: weak
time: 2s
time_budget: 1s
"""


class BudgetTest(unittest.TestCase):
    def test_what_is_left_is_run_by_the_sweep_that_resumes_it(self):
        with Rig() as rig:
            rig.start_controller()
            rig.start_agent()
            rig.wait_for_board()
            rig.create_sweep("sampled", SWEEP)
            sampled = rig.wait_for_end("sampled")
            total = int(sampled["progress"]["total_count"])
            self.assertEqual(sampled["state"], "STATE_SUCCEEDED", sampled)
            self.assertEqual(int(sampled["progress"]["left_count"]), total - 1, sampled)
            self.assertIn("time budget of 1s is used up", rig.ctl("sweep", "show", "sampled"))
            self.assertIn(f"{total - 1} trials", rig.ctl("sweep", "resume", "sampled", "--dry-run"))
            rig.ctl("sweep", "resume", "sampled", "--id", "rest")
            rest = rig.wait_for_end("rest")
            self.assertEqual(int(rest["progress"]["total_count"]), total - 1, rest)
            self.assertEqual(int(rest["progress"].get("left_count", 0)), 0, rest)
            self.assertRegex(rig.ctl("sweep", "show", "rest"), "(?m)^continues +sweeps/sampled$")
            # Together they are the whole sweep, each point once.
            rows = rig.objects("results", "rest")
            self.assertEqual(len(rows), total, rows)
            self.assertEqual({row["outcome"] for row in rows}, {"completed"}, rows)
            rig.ctl("sweep", "resume", "rest", status=(3,))


if __name__ == "__main__":
    unittest.main()
