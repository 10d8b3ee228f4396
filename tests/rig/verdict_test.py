"""What a user sees of the 2008 question, on real CPUs: who hangs, who does not, who refuses, and what the report says."""

import unittest

from rig import Rig

SWEEP = """
scenarios: [mutual-masked]
implementations:
  - generic_2008/spin/mask_all
  - call_lock/spin/mask_all
  - generic_2008/poll_completion/mask_all
  - call_lock/open_window/mask_all
  - generic_2008/spin/ipi_open
  - generic_2008/fail_fast/mask_all
repetitions: 2
calls: 200
deadline: 1s
%s
"""

EXPECTED = {
    "generic_2008/spin/mask_all": "hung",
    "call_lock/spin/mask_all": "hung",
    "generic_2008/poll_completion/mask_all": "completed",
    "call_lock/open_window/mask_all": "completed",
    "generic_2008/spin/ipi_open": "completed",
    "generic_2008/fail_fast/mask_all": "refused",
}


class VerdictTest(unittest.TestCase):
    def check(self, options):
        with Rig() as rig:
            rig.start_controller()
            rig.start_agent()
            rig.wait_for_board()
            path = rig.folder / "sweep.yaml"
            path.write_text(SWEEP % options)
            rows = rig.objects("sweep", "run", path, "--id", "verdicts", "--wait", status=(1,))
            found = {row["implementation"]: row["outcome"] for row in rows if "outcome" in row}
            self.assertEqual(found, EXPECTED, rows)
            hangs = rig.objects("hangs", "verdicts")
            self.assertEqual(len(hangs), 4, hangs)
            for hang in hangs:
                report = rig.objects("hang", "show", hang["name"])[0]
                self.assertEqual(sorted(report["cycle"]), [0, 1], report)
                self.assertEqual([cpu.get("irqs_masked") for cpu in report["cpus"]], [True, True], report)
                self.assertIn(report["hang_class"], ("HANG_CLASS_MASKED_TARGET", "HANG_CLASS_LOCK_HELD_BY_CALLER"))
                text = rig.ctl("hang", "show", hang["name"])
                for words in ("CPU 0", "CPU 1", "masked", "cycle"):
                    self.assertIn(words, text)

    def test_mutual_masked_without_real_time(self):
        self.check("no_realtime: true")

    def test_mutual_masked_with_real_time_threads_on_all_cpus(self):
        """The workers' SCHED_FIFO spinners hold every CPU; the agent must still watch, report and upload."""
        self.check("")


if __name__ == "__main__":
    unittest.main()
