#!/usr/bin/env python3
"""Every expression of the dashboards and rules runs on a real Prometheus that has three days of a model lab's history and scrapes it
on; and dashcheck finds faults that are planted, each of its kind, and nothing else."""

import datetime
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

import model_lab
from rig import until
from stack import ROOT, RULES, Prometheus, scrape_config

DAYS = 3
DASHBOARDS = sorted((ROOT / "dashboards" / "json").glob("*.json"))
RIGHTLY_EMPTY = ROOT / "dashboards" / "check" / "rightly_empty.json"


RULE_FAULTS = (
    ("crosscall_exporter_dropped_series > 0", "crosscall_exporter_droped_series > 0"),
    ("increase(crosscall_store_operation_failures_total[15m])", 'increase(crosscall_store_operation_failures_total{operaton=""}[15m])'),
    ("crosscall_ingest_queue_length / crosscall_ingest_queue_capacity",
     "crosscall_store_operations_total / on (job) crosscall_store_operations_total"),
)

# Page, panel, what is changed in its first query, from, to, and what dashcheck says.
FAULTS = (
    ("crosscall-overview", "Boards online", "expr", "crosscall_board_up", "crosscall_board_upp", "nobody exports crosscall_board_upp"),
    # It has data, thanks to `or vector(0)`.
    ("crosscall-overview", "Boards hung, 24 h", "expr", "last_hang_timestamp", "last_hangs_timestamp",
     "nobody exports crosscall_board_last_hangs_timestamp_seconds"),
    # It is listed as rightly empty.
    ("crosscall-overview", "Boards that need attention", "expr", "crosscall_board_up", "crosscall_bord_up", "nobody exports crosscall_bord_up"),
    # One series in place of several.
    ("crosscall-overview", "Hangs a day", "expr", "by (implementation)", "by (implementaton)",
     "no metric of the expression has the label implementaton"),
    ("crosscall-overview", "Sweep by outcome", "legendFormat", "{{outcome}}", "{{outcmoe}}", "no metric of the expression has the label outcmoe"),
    # A matcher of a label that is not there matches, if it may be empty.
    ("crosscall-overview", "Missing from last sweep", "expr", 'outcome="missing"', 'outcom!="missing"',
     "crosscall_sweep_last_boards has no label outcom"),
    ("crosscall-hangs", "Hangs in range", "expr", "$__range]", "$__rnage]", "invalid parameter"),
    ("crosscall-controller", "Agents connected", "expr", ")", "", "invalid parameter"),
    ("crosscall-controller", "Ingest queue", "expr", "/ crosscall_ingest_queue_capacity", "/ on (job) crosscall_store_operations_total",
     "found duplicate series"),
    ("crosscall-controller", "Series dropped", "expr", 'instance=~"$instance"', 'instance=~"$instance", endpoint="metrics"', "no data"),
)


def write_history(lab, exporter, folder):
    targets = {model_lab.CONTROLLER: {"instance": exporter.address, "job": "crosscall-controller"},
               model_lab.RESULTS: {"instance": exporter.address, "job": "crosscall-results"}}
    text = folder / "history.om"
    with open(text, "w", encoding="utf-8") as out:
        model_lab.history(lab, targets, lab.epoch - DAYS * model_lab.DAY_S, lab.epoch, 900, out)
    subprocess.run(["promtool", "tsdb", "create-blocks-from", "openmetrics", "--max-block-duration=24h", str(text), str(folder / "data")],
                   check=True, capture_output=True)


class OnPrometheus(unittest.TestCase):
    """A Prometheus that scrapes a model lab and has the rules loaded."""

    without = ()
    range = f"{DAYS}d"

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="crosscall-expressions-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        lab = model_lab.ModelLab(time.time(), cls.without)
        cls.exporter = cls.enterClassContext(model_lab.Exporter(lab, time.time))
        cls.prepare(lab)
        cls.rules = [shutil.copy(RULES / name, cls.folder) for name in ("crosscall.rules.yml", "crosscall.alerts.yml")]
        config = cls.folder / "prometheus.yml"
        config.write_text(scrape_config(cls.exporter.address, cls.rules))
        cls.prometheus = cls.enterClassContext(Prometheus(cls.folder, config))
        cls.wait_for_data()

    @classmethod
    def prepare(cls, lab):
        pass

    @classmethod
    def wait_for_data(cls):
        """Until each target was scraped three times, which gives rates, and each rule was evaluated after that."""
        until(lambda: [each for each in cls.prometheus.query('count_over_time(up{job=~"crosscall-.+"}[10m])') if int(each["value"][1]) >= 3][1:],
              "both targets are scraped three times")
        scraped = time.time()
        until(lambda: all(cls.evaluated_at(rule) > scraped for rule in cls.prometheus.rules()), "each rule is evaluated")

    @staticmethod
    def evaluated_at(rule):
        # Python knows no nanoseconds.
        text = re.sub(r"(\.\d{6})\d*", r"\1", rule["lastEvaluation"])
        return datetime.datetime.fromisoformat(text).timestamp()

    def dashcheck(self, files, board="b3", empty=RIGHTLY_EMPTY):
        return subprocess.run(["node", os.environ["CROSSCALL_DASHCHECK"], self.prometheus.url, *map(str, files), "--range", self.range,
                               "--rightly-empty", str(empty), "--var", f"board={board}"], capture_output=True, text=True, check=False)

    def problems(self, done):
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        return [line.removeprefix("problem: ") for line in done.stdout.splitlines() if line.startswith("problem: ")]


class WithHistory(OnPrometheus):
    @classmethod
    def prepare(cls, lab):
        write_history(lab, cls.exporter, cls.folder)

    def test_every_expression_has_data(self):
        done = self.dashcheck(DASHBOARDS)
        print(done.stdout.splitlines()[-1])
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn(" 0 rightly empty, 0 problems", done.stdout)
        self.assertRegex(done.stdout, r"5 dashboards with 58 panels, 29 rules")

    def test_what_is_rightly_empty_is_said_with_its_reason(self):
        """b1 never hung and never wedged; without the list that is a problem."""
        board = [path for path in DASHBOARDS if path.stem == "crosscall-board"]
        done = self.dashcheck(board, board="b1")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn('rightly empty: crosscall-board "Last hang" A: the board never hung', done.stdout)
        self.assertIn(" 3 rightly empty, 0 problems", done.stdout)
        nothing = self.folder / "nothing.json"
        nothing.write_text("[]")
        self.assertEqual([text.split(":")[0] for text in self.problems(self.dashcheck(board, board="b1", empty=nothing))],
                         ["crosscall-board, annotation Hangs", 'crosscall-board "Last hang" A', 'crosscall-board "Last wedge" A'])

    def test_a_board_that_is_not_there_is_a_problem(self):
        board = [path for path in DASHBOARDS if path.stem == "crosscall-board"]
        self.assertIn('crosscall-board, variable board: "b99" is none of its values', self.problems(self.dashcheck(board, board="b99")))

    def test_finds_each_planted_fault_and_nothing_else(self):
        """All faults are planted at once, each into a panel of its own."""
        expected = []
        pages = {path.stem: json.loads(path.read_text()) for path in DASHBOARDS}
        for page, title, field, old, new, says in FAULTS:
            target = next(panel for panel in pages[page]["panels"] if panel["title"] == title)["targets"][0]
            self.assertIn(old, target[field], f"{page} {title} has changed: plant the fault elsewhere")
            target[field] = target[field].replace(old, new)
            expected.append(f'{page} "{title}" A: {says}')
        # One that takes .+ for all, so that panels work on.
        variable = next(each for each in pages["crosscall-hangs"]["templating"]["list"] if each["name"] == "implementation")
        variable["query"]["query"] = variable["query"]["query"].replace("_hangs_total", "_hang_total")
        expected.append("crosscall-hangs, variable implementation: has no values")
        files = []
        for page, content in pages.items():
            files.append(self.folder / f"{page}.json")
            files[-1].write_text(json.dumps(content))
        stale = self.folder / "stale.json"
        stale.write_text(json.dumps([*json.loads(RIGHTLY_EMPTY.read_text()),
                                     {"dashboard": "crosscall-board", "panel": "Gone", "reason": "renamed"},
                                     {"rule": "CrosscallGone", "reason": "renamed"}]))
        expected += ['listed as rightly empty, but not there: crosscall-board "Gone"', "listed as rightly empty, but not there: CrosscallGone"]
        found = self.problems(self.dashcheck(files, empty=stale))
        for text in expected:
            self.assertTrue(any(text in each for each in found), f"not found: {text}; found: {found}")
        places = [text.rsplit(":", 1)[0] for text in expected]
        self.assertEqual([each for each in found if not any(each.startswith(place) for place in places)], [])

    def test_finds_faults_of_rules(self):
        """A metric that nobody exports, a label that none has, and a join of series that do not match."""
        broken = pathlib.Path(self.rules[1])
        sound = broken.read_text()
        text = sound
        for old, new in RULE_FAULTS:
            self.assertIn(old, text)
            text = text.replace(old, new, 1)
        self.addCleanup(self.load_alerts, broken, sound)
        self.load_alerts(broken, text)
        found = self.problems(self.dashcheck(DASHBOARDS[:1]))
        for says in ("rule CrosscallSeriesDropped: nobody exports crosscall_exporter_droped_series",
                     "rule CrosscallStoreErrors: crosscall_store_operation_failures_total has no label operaton",
                     "rule CrosscallIngestBacklog: found duplicate series"):
            self.assertTrue(any(says in each for each in found), f"not found: {says}; found: {found}")

    @classmethod
    def load_alerts(cls, path, text):
        path.write_text(text)
        before = time.time()
        cls.prometheus.post("/-/reload")
        until(lambda: all(cls.evaluated_at(rule) > before for rule in cls.prometheus.rules()), "each rule is evaluated anew")


class WithoutBaselines(OnPrometheus):
    """A controller that judges no regressions does not export what it has not, and that is said of each expression that asks for it."""

    without = ("crosscall_regressed_boards", "crosscall_last_trial_regression_ratio", "crosscall_baseline_latency_seconds")
    range = "1h"

    def test_what_it_does_not_export_is_rightly_empty(self):
        done = self.dashcheck(DASHBOARDS)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn('rightly empty: crosscall-overview "Regressed boards" A: a controller that keeps no baselines judges nothing', done.stdout)
        self.assertIn("rightly empty: rule CrosscallRegression: a controller that keeps no baselines judges nothing", done.stdout)

    def test_unless_nothing_says_so(self):
        listed = self.folder / "listed.json"
        listed.write_text(json.dumps([each for each in json.loads(RIGHTLY_EMPTY.read_text()) if "metric" not in each]))
        found = self.problems(self.dashcheck(DASHBOARDS, empty=listed))
        for name in self.without:
            self.assertTrue(any(f"nobody exports {name}" in each for each in found), found)


if __name__ == "__main__":
    unittest.main(verbosity=2)
