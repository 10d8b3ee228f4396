"""Explorations in the rig: boards search when they have nothing to measure, verdicts stand beside outcomes, and a hang on real
CPUs names the deadlock that the explorer knows, whichever came first."""

import json
import unittest

from kill_test import rows
from rig import Rig, until

SIGNAL, EXPLORE = 1, 2
SPIN, LOCKED, POLL = "generic_2008/spin/mask_all", "call_lock/spin/mask_all", "generic_2008/poll_completion/mask_all"

# The same pair of CPUs: what hangs there, and whether it can.
BOTH = f"""
scenarios: [mutual-masked]
implementations: [{SPIN}, {LOCKED}, {POLL}]
target_systems: [signal, explore]
memory: weak
repetitions: 2
calls: 200
deadline: 1s
no_realtime: true
"""

MEASURED = """
scenarios: [mutual-masked]
implementations: [%s]
calls: 200
deadline: 1s
no_realtime: true
"""

# Too large to be searched within any test.
ENDLESS = """
scenarios: [mesh]
implementations: [generic_2008/poll_completion/mask_all]
target_system: explore
memory: weak
time: %s
"""

TOO_LONG = """
scenarios:
  - text: |
      scenario: too-long
      about: A loop that no search unrolls.
      cpus: 2
      programs:
        0: [{repeat: 9, do: [call 1 noop wait]}]
implementations: [generic_2008/spin/mask_all]
target_system: explore
"""


class ExploreTest(unittest.TestCase):
    def rig(self):
        rig = self.enterContext(Rig())
        rig.start_controller()
        rig.start_agent()
        rig.wait_for_board()
        return rig

    def run_sweep(self, rig, name, text, status=(0, 1)):
        path = rig.folder / f"{name}.yaml"
        path.write_text(text)
        return rig.objects("sweep", "run", path, "--id", name, "--wait", status=status)

    def hang_of(self, rig, sweep):
        """Name of the sweep's first hang, its report as JSON and as text."""
        name = rig.objects("hangs", sweep)[0]["name"]
        return name, rig.objects("hang", "show", name)[0], rig.ctl("hang", "show", name)

    def test_hangs_on_real_cpus_name_the_deadlock_that_the_explorer_knows(self):
        rig = self.rig()
        self.run_sweep(rig, "before", MEASURED % SPIN)
        early, report, text = self.hang_of(rig, "before")
        self.assertNotIn("known_finding", report)
        self.assertNotIn("known to the explorer", text)

        found = {(row["target_system"], row["implementation"]): row for row in self.run_sweep(rig, "both", BOTH)}
        self.assertEqual(len(found), 6, found)
        self.assertEqual({key: row["outcome"] for key, row in found.items()}, {
            ("signal", SPIN): "hung", ("signal", LOCKED): "hung", ("signal", POLL): "completed",
            ("explore", SPIN): "completed", ("explore", LOCKED): "completed", ("explore", POLL): "completed"})
        self.assertEqual({key[1]: (row["verdict"], row["memory"], row["trials"]) for key, row in found.items()
                          if key[0] == "explore"}, {
            SPIN: ("deadlock", "weak", 1), LOCKED: ("deadlock", "weak", 1), POLL: ("completes", "weak", 1)})
        self.assertGreater(found["explore", POLL]["states"], 0)
        self.assertIsNone(found["signal", POLL]["verdict"])

        self.check_order(rig)
        way = self.check_way(rig, early)
        self.run_sweep(rig, "after", MEASURED % LOCKED)
        _, report, text = self.hang_of(rig, "after")
        self.assertTrue(report["known_finding"]["name"].startswith("sweeps/both/trials/"), report)
        self.assertNotEqual(report["known_finding"]["name"], way, "each implementation has its own")
        self.assertIn("VERDICT: deadlock", text)

    def check_order(self, rig):
        """Of one sweep on one board, every measurement, repeated ones too, was granted before the first search."""
        grants = rows(rig, "SELECT t.target_system, a.grant_time FROM attempts a JOIN trials t ON t.id = a.trial"
                           " WHERE t.name LIKE 'sweeps/both/%'")
        measured = [time for system, time in grants if system == SIGNAL]
        searched = [time for system, time in grants if system == EXPLORE]
        self.assertGreaterEqual(len(measured), 6)
        self.assertEqual(len(searched), 3)
        self.assertLess(max(measured), min(searched))

    def check_way(self, rig, hang):
        """The hang of an earlier sweep names the exploration; returns its name."""
        report, text = rig.objects("hang", "show", hang)[0], rig.ctl("hang", "show", hang)
        known = report["known_finding"]
        self.assertTrue(known["name"].startswith("sweeps/both/trials/"), known)
        exploration = known["exploration"]
        self.assertEqual(exploration["verdict"], "VERDICT_DEADLOCK")
        self.assertEqual([(wait["cpu"] if "cpu" in wait else 0, wait["masked"]) for wait in exploration["waits"]],
                         [(0, True), (1, True)])
        for words in (known["name"], "VERDICT: deadlock", "a shortest way there", "who waits for what at its end"):
            self.assertIn(words, text)
        self.assertGreater(len(exploration["trace"]), 0)
        shown = rig.objects("result", "show", known["name"])[0]
        self.assertEqual(shown["payload"]["exploration"], exploration)
        self.assertEqual(shown["trial"]["spec"]["implementation"], SPIN)
        self.assertIn("a shortest way there", rig.ctl("result", "show", known["name"]))
        self.assertIn(f"crosscallctl result show {known['name']}", rig.ctl("results", "both"))
        return known["name"]

    def test_a_search_ends_at_its_limit_as_unknown_and_at_once_when_cancelled(self):
        rig = self.rig()
        row, = self.run_sweep(rig, "limited", ENDLESS % "2s", status=(0,))
        self.assertEqual((row["outcome"], row["verdict"]), ("completed", "unknown"), row)
        self.assertIn("limit of 2s", row["notes"])
        rig.create_sweep("cancelled", ENDLESS % "1h")
        worker = until(rig.worker_of, "the search runs")
        rig.ctl("sweep", "cancel", "cancelled")
        self.assertEqual(rig.wait_for_end("cancelled")["state"], "STATE_CANCELLED")
        until(lambda: rig.worker_of() != worker, "the search has ended")

    def test_what_cannot_be_explored_is_refused_with_the_reason(self):
        rig = self.rig()
        row, = self.run_sweep(rig, "too-long", TOO_LONG)
        self.assertEqual(row["outcome"], "refused", row)
        self.assertIsNone(row["verdict"])
        self.assertIn("cannot be explored", row["notes"])
        for flags, word in ((["--cpus", "0,1"], "cpu_lists"), (["--calls", "10"], "call_limit"),
                            (["--repetitions", "2"], "repetitions"), (["--target-state", "sleep"], "target_states")):
            with self.assertRaisesRegex(AssertionError, f"exit 2(?s:.)*{word}: given to an exploration"):
                rig.ctl("sweep", "run", "--scenario", "mutual-masked", "--implementation", SPIN, "--target-system", "explore",
                        *flags)


if __name__ == "__main__":
    unittest.main()
