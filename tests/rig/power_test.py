"""Boards that wedge, and the commands that switch them: a virtual board stops in the middle of a sweep, is switched, proved
by its new boot, and the sweep ends complete with the evidence; commands that lie, hang or are not there are found out."""

import contextlib
import json
import pathlib
import signal
import subprocess
import unittest
import uuid

from kill_test import rows
from rig import Rig, until
from virtual_board import VirtualBoard

HOOK = pathlib.Path(__file__).with_name("virtual_board.py")

# Searches that fill their time: trials of a known length, also on a machine that has better things to do.
SWEEP = """
scenarios: [mesh]
implementations: [%s]
target_system: explore
memory: weak
time: 2s
boards: [%s]
"""
LONG = [f"{algorithm}/{policy}/mask_all" for algorithm in ("generic_2008", "per_target") for policy in
        ("poll_completion", "poll_everywhere", "open_window")]

# What comes of these does not depend on how busy the machine is: they are refused.
TRIALS = 2
FRESH = f"""
scenarios: [mutual-masked]
implementations: [generic_2008/fail_fast/mask_all]
calls: 100
no_realtime: true
fresh_boot: true
repetitions: {TRIALS}
boards: [vb]
"""

FLAGS = ["--hold-idle", "500ms", "--hold-busy", "300ms", "--first-term", "3s", "--lease-term", "3s",
         "--wedge-after", "4s", "--power-settle", "1s", "--power-gap", "1s", "--boot-limit", "60s"]


class PowerRig(Rig):
    """A rig whose board `vb` is a virtual one."""

    def __init__(self, *flags, step_limit="10s"):
        super().__init__(controller_flags=[*FLAGS, "--power-step-limit", step_limit, *flags])
        self.board_folder = self.folder / "vb"
        self.board_folder.mkdir()
        self.virtual = VirtualBoard(self.board_folder)
        self.virtual.set_mode("honest")

    def __exit__(self, kind, value, trace):
        if kind is not None and (self.board_folder / "console").exists():
            print((self.board_folder / "console").read_text(errors="replace")[-4000:])
        self.virtual.off()
        super().__exit__(kind, value, trace)

    def begin(self):
        """The virtual board is on, may work, and has its power command."""
        self.start_controller()
        agent = [str(self.bin / "crosscall-agent"), "--controller", self.address, "--board", "vb", "--state-dir",
                 str(self.folder / "agent-vb"), *self.agent_flags]
        (self.board_folder / "agent.json").write_text(json.dumps(agent))
        self.virtual.on()
        until(lambda: self.state() == "STATE_ACTIVE", "the virtual board may work")
        self.ctl("boards", "set-power", "vb", "--console", "--nmi", "--", HOOK, self.board_folder)

    def board(self):
        found = [b for b in self.boards() if b["board"] == "vb"]
        return self.objects("boards", "show", "vb")[0] if found else {"state": "", "record": {}}

    def state(self):
        return self.board()["state"]

    def phase(self):
        return self.board()["record"].get("diagnosis", {}).get("phase")

    def words(self):
        """What its command was asked so far."""
        asked = self.board_folder / "words"
        return asked.read_text().split() if asked.exists() else []

    def trials(self, sweep):
        return [row[0] for row in rows(self, f"SELECT name FROM trials WHERE name LIKE 'sweeps/{sweep}/%' ORDER BY position")]

    def trial(self, name):
        return self.objects("trial", "show", name)[0]

    def boots(self):
        """Those that leases asked for, oldest first."""
        told = rows(self, "SELECT detail FROM events WHERE kind = 'planned boot' AND detail LIKE 'it came back by another boot%' ORDER BY id")
        return [detail.rsplit(" ", 1)[1] for detail, in told]

    def wedge(self, sweep, last_words=""):
        """Everything on the board stops in the middle of a trial of a new sweep; its console has the last words."""
        self.create_sweep(sweep, SWEEP % (", ".join(LONG), "vb"))
        until(lambda: int(self.sweep(sweep)["progress"].get("completed_count", 0)) > 0, "a trial has run")
        until(lambda: self.board().get("running_trial", "").startswith(f"sweeps/{sweep}/"), "another one runs")
        self.virtual.signal(signal.SIGSTOP)
        self.virtual.say(last_words)


class ConsoleTest(unittest.TestCase):
    def test_the_last_words_of_a_board_are_kept_though_nobody_was_attached(self):
        # More than a bundle holds, and the end of it is what tells.
        chatter = "".join(f"[{second:5}.000000] nothing to report\n" for second in range(2000))
        words = f"[ 2000.000000] watchdog: {uuid.uuid4()} on CPU#1 stuck, and nothing else to say\n"
        with PowerRig() as rig:
            rig.begin()
            rig.wedge("work", last_words=chatter + words)
            # Nobody reads the console while the board is well, and the controller but once it is not.
            self.assertNotIn("console", rig.words())
            self.assertEqual(rig.wait_for_end("work")["state"], "STATE_SUCCEEDED")
            bundles = [rig.objects("hang", "show", h["name"])[0] for h in rig.objects("hangs", "work") if h["class"] == "board wedged"]
            kept = [step["output"] for bundle in bundles for step in bundle["steps"] if step["word"] == "console"]
            self.assertTrue(any(words.strip() in output for output in kept), kept)
            self.assertNotIn("[    0.000000]", kept[0], "the beginning is what there is no room for")


class PowerTest(unittest.TestCase):
    def test_a_wedged_board_is_brought_back_and_its_sweep_ends_complete(self):
        with PowerRig() as rig:
            rig.begin()
            self.assertIn("on", rig.ctl("boards", "power", "vb"))
            first_boot = rig.virtual.boot_id()
            rig.wedge("work")
            sweep = rig.wait_for_end("work")
            self.assertEqual(sweep["state"], "STATE_SUCCEEDED", sweep)
            # More than one if the machine is so busy that a living board is silent for long.
            self.assertGreaterEqual(int(sweep["progress"]["wedged_count"]), 1, sweep)
            ended = int(sweep["progress"]["completed_count"]) + int(sweep["progress"]["wedged_count"])
            self.assertEqual(ended, len(LONG), sweep)
            self.assertEqual(rig.words()[:9], ["status", "status", "console", "nmi", "console", "off", "status", "on", "status"])

            board = rig.board()
            self.assertNotEqual(board["boot_id"], first_boot)
            self.assertEqual(board["boot_id"], rig.virtual.boot_id())

            hangs = [h for h in rig.objects("hangs", "work") if h["class"] == "board wedged"]
            self.assertEqual(len(hangs), int(sweep["progress"]["wedged_count"]))
            diagnosis = rig.objects("hang", "show", hangs[-1]["name"])[0]
            self.assertEqual(diagnosis["boot_id"], first_boot)
            self.assertTrue(diagnosis["off_verified"] and diagnosis["on_verified"])
            self.assertEqual([s["word"] for s in diagnosis["steps"]],
                             ["status", "console", "nmi", "console", "off", "status", "on", "status", "boot"])
            self.assertIn("agent:", diagnosis["steps"][1]["output"])
            text = rig.ctl("hang", "show", hangs[-1]["name"])
            self.assertIn("its console not even to an NMI, while its power read on, and came back only by another boot", text)
            self.assertIn("diagnosing", rig.ctl("boards", "show", "vb"))

    def test_the_rest_of_the_sweep_waits_for_the_health_trial(self):
        with PowerRig("--health-period", "24h") as rig:
            rig.begin()
            rig.wedge("work")
            until(lambda: rig.state() == "STATE_CHECKING", "the board is back")
            self.assertEqual(rig.wait_for_end("work")["state"], "STATE_SUCCEEDED")
            checks = [s["sweep"] for s in rig.objects("sweep", "list") if s["sweep"].startswith("check-")]
            self.assertGreaterEqual(len(checks), 2)
            shown = rig.ctl("boards", "show", "vb")
            # On a busy machine a health trial may fail once.
            self.assertRegex(shown, "passed its health trial sweeps/check-[2-9]")

    def test_the_controller_dies_in_the_middle_and_goes_on(self):
        with PowerRig() as rig:
            rig.begin()
            rig.wedge("work")
            until(lambda: rig.state() == "STATE_DIAGNOSING", "the board is diagnosed")
            rig.controller.kill()
            rig.start_controller()
            sweep = rig.wait_for_end("work")
            self.assertEqual(sweep["state"], "STATE_SUCCEEDED", sweep)
            self.assertGreaterEqual(int(sweep["progress"]["wedged_count"]), 1, sweep)
            rig.controller.stop()
            subprocess.run([rig.bin / "crosscall-controller", "check", "--state-dir", rig.folder / "controller"], check=True)

    def test_a_planned_boot_is_part_of_its_lease(self):
        with PowerRig() as rig:
            rig.begin()
            boots = [rig.virtual.boot_id()]
            rig.create_sweep("fresh", FRESH)
            self.assertEqual(rig.wait_for_end("fresh")["state"], "STATE_SUCCEEDED")
            for trial in rig.trials("fresh"):
                attempts = rig.trial(trial)["attempts"]
                self.assertEqual([(a["attempt"], a["lease_state"]) for a in attempts], [(1, "completed")], attempts)
            boots += rig.boots()
            self.assertEqual(len(boots), len(set(boots)))
            self.assertEqual(len(boots), 1 + TRIALS)
            self.assertEqual(rig.words().count("off"), TRIALS)
            self.assertEqual(rig.state(), "STATE_ACTIVE")

    def test_a_command_that_lies_is_caught_by_the_boot(self):
        with PowerRig() as rig:
            rig.begin()
            boot = rig.virtual.boot_id()
            rig.virtual.set_mode("lying")
            rig.wedge("work")
            until(lambda: rig.phase() == "PHASE_BOOT", "the lie is believed so far")
            rig.virtual.signal(signal.SIGCONT)
            until(lambda: rig.state() == "STATE_QUARANTINED", "the board is heard again")
            board = rig.board()
            self.assertEqual(board["boot_id"], boot)
            self.assertIn("power step not verified", board["state_reason"])
            self.assertEqual(int(rig.sweep("work")["progress"].get("wedged_count", 0)), 0)
            # People may have it switched by a better command, and the sweep goes on.
            rig.virtual.set_mode("honest")
            rig.ctl("boards", "power", "vb", "cycle", "--reason", "new relay")
            self.assertEqual(rig.wait_for_end("work")["state"], "STATE_SUCCEEDED")
            self.assertNotEqual(rig.board()["boot_id"], boot)

    def test_a_command_that_hangs_is_killed_and_keeps_nobody_waiting(self):
        with PowerRig(step_limit="2s") as rig:
            rig.begin()
            rig.start_agent("other")
            until(lambda: any(b["board"] == "other" and b["state"] == "active" for b in rig.boards()), "the other is there")
            rig.virtual.set_mode("hanging")
            self.assertIn("killed after 2s", rig.ctl("boards", "power", "vb"))
            rig.wedge("work")
            until(lambda: rig.state() == "STATE_DIAGNOSING", "the board is diagnosed")
            rig.create_sweep("beside", SWEEP % (LONG[0], "other"))
            self.assertEqual(rig.wait_for_end("beside")["state"], "STATE_SUCCEEDED")
            until(lambda: rig.state() == "STATE_QUARANTINED", "the command is given up")
            self.assertIn("`off` failed 2 times", rig.board()["state_reason"])

    def test_what_cannot_be_run_is_refused_when_it_is_set(self):
        with PowerRig() as rig:
            rig.begin()
            rig.ctl("boards", "set-power", "vb", "--", "/no/such/relay", status=(3,))
            rig.ctl("boards", "set-power", "vb", "--", "/etc/passwd", status=(3,))
            rig.ctl("boards", "set-power", "vb", "--", "relay", "4", status=(2,))
            self.assertEqual(rig.board()["record"]["power"]["argv"], [str(HOOK)])
            # One that goes away later is a failure, and says so.
            with contextlib.closing(open(rig.folder / "relay", "w", encoding="ascii")) as relay:
                relay.write("#!/bin/sh\necho on\n")
            (rig.folder / "relay").chmod(0o700)
            rig.ctl("boards", "set-power", "vb", "--", rig.folder / "relay")
            (rig.folder / "relay").unlink()
            self.assertIn("could not be started", rig.ctl("boards", "power", "vb"))
            rig.ctl("boards", "power", "vb", "off", status=(3,))


if __name__ == "__main__":
    unittest.main()
