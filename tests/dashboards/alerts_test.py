#!/usr/bin/env python3
"""Alerts travel from a real Prometheus by a real Alertmanager to a webhook: hang, board down, missed night, certificate near its end;
grouped, held back under what explains them, and the digest in the morning only.

Rules and routes are those of the tree, in copies in which alone time is short: `for` is two seconds, groups wait one, and the morning
lasts all day (for one Alertmanager; for another it is half a day away). Conditions and thresholds are untouched, and so is who is told.
The alerts about the controller itself keep their delays: it is absent until the first scrape, and a busy machine may miss one.
"""

import datetime
import pathlib
import re
import shutil
import subprocess
import tempfile
import time
import unittest

import model_lab
from rig import until
from stack import ROOT, RULES, Alertmanager, Prometheus, scrape_config
from webhook import Webhook

EXAMPLE = ROOT / "deploy" / "prometheus" / "alertmanager.yml"
RECEIVER = {"critical": "lab-oncall", "warning": "tickets", "info": "digest", "none": "dead-mans-switch"}


def hasty_rules(folder):
    copies = []
    for path in sorted(RULES.glob("*.yml")):
        copies.append(folder / path.name)
        alerts = re.split(r"(?m)^(?= +- alert: )", path.read_text())
        copies[-1].write_text("".join(each if "- alert: CrosscallController" in each else re.sub(r"(?m)^( +)for: \w+$", r"\1for: 2s", each)
                                      for each in alerts))
    return copies


def hasty_routes(path, webhook, morning):
    """The example with short waits and with webhooks for receivers, told apart by their paths."""
    head, receivers = EXAMPLE.read_text().split("\nreceivers:\n")
    names = re.findall(r"- name: (\S+)", receivers)
    head = re.sub(r"group_wait: \w+", "group_wait: 1s", head)
    head = re.sub(r"group_interval: \w+", "group_interval: 1s", head)
    head, count = re.subn(r"times: \[.*\]\n\s+location: \S+", f"times: [{{start_time: '{morning[0]}', end_time: '{morning[1]}'}}]", head)
    assert count == 1, "the example's morning has changed"
    lines = [f"  - name: {name}\n    webhook_configs: [{{url: '{webhook.url}/{name}', send_resolved: false}}]" for name in names]
    path.write_text(head + "\nreceivers:\n" + "\n".join(lines) + "\n")
    return path


def half_a_day_away():
    hour = (datetime.datetime.now(datetime.timezone.utc).hour + 12) % 24
    return f"{hour:02}:00", f"{hour:02}:59"


class Alerts(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="crosscall-alerts-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.lab = model_lab.ModelLab(time.time()).healthy()
        self.exporter = self.enterContext(model_lab.Exporter(self.lab, time.time))
        self.webhook = self.enterContext(Webhook())
        self.night_webhook = self.enterContext(Webhook())
        self.alertmanager = self.enterContext(
            Alertmanager(self.folder, hasty_routes(self.folder / "day.yml", self.webhook, ("00:00", "24:00")), "day"))
        self.at_night = self.enterContext(
            Alertmanager(self.folder, hasty_routes(self.folder / "night.yml", self.night_webhook, half_a_day_away()), "night"))
        config = self.folder / "prometheus.yml"
        config.write_text(scrape_config(self.exporter.address, hasty_rules(self.folder), [self.alertmanager.address, self.at_night.address]))
        self.prometheus = self.enterContext(Prometheus(self.folder, config))

    def delivered(self, receiver, **labels):
        return [alert for alert in self.webhook.alerts(receiver) if labels.items() <= alert.items()]

    def await_delivery(self, receiver, **labels):
        until(lambda: self.delivered(receiver, **labels), f"{labels} is delivered to {receiver}")

    def held_back(self, **labels):
        """Alerts that Alertmanager has and does not tell, since another explains them."""
        alerts = self.alertmanager.get("/api/v2/alerts", inhibited="true", active="true")
        return [alert for alert in alerts if alert["status"]["inhibitedBy"] and labels.items() <= alert["labels"].items()]

    def test_what_goes_wrong_is_told_to_whom_it_concerns(self):
        self.await_delivery("dead-mans-switch", alertname="Watchdog")
        self.check_a_healthy_lab_is_silent()
        self.break_single_things()
        self.check_boards()
        self.check_sweeps()
        self.check_certificates()
        self.check_regressions()
        self.break_the_fleet()
        self.check_what_the_fleet_explains()
        self.check_the_night()

    def check_a_healthy_lab_is_silent(self):
        def not_silent():
            return {rule["name"] for rule in self.prometheus.rules() if rule["type"] == "alerting" and rule["state"] != "inactive"}

        # The model lab's last night lacks one board of eight.
        until(lambda: not_silent() == {"Watchdog", "CrosscallSweepIncomplete"}, "a healthy lab raises no alarm")
        self.assertEqual([self.webhook.notifications(name) for name in ("lab-oncall", "tickets")], [[], []])

    def break_single_things(self):
        self.lab.quarantined = {"b6"}
        until(lambda: self.prometheus.query('crosscall_board_quarantined{board="b6"} == 1'), "b6 is seen quarantined")
        now = time.time()
        one, other = model_lab.IMPLEMENTATIONS[:2]
        first, second = model_lab.SCENARIOS
        self.lab.hangs = [(now, "b3", one)]
        self.lab.wedges = [(now, "b4")]
        self.lab.down_since = {board: now for board in ("b6", "b7", "b8")}
        self.lab.last_success = {**self.lab.last_success, "nightly": now - 2.3 * model_lab.DAY_S}
        self.lab.certificate_ends = {"server": now + 10 * model_lab.DAY_S, "ca": now + model_lab.DAY_S}
        self.lab.regressed = {("b1", one, first): 1.4, ("b1", one, second): 1.5, ("b2", other, first): 1.2}

    def check_boards(self):
        self.await_delivery("tickets", alertname="CrosscallBoardHang", board="b3")
        self.await_delivery("tickets", alertname="CrosscallBoardWedged", board="b4")
        for board in ("b7", "b8"):
            self.await_delivery("tickets", alertname="CrosscallBoardDown", board=board)
        until(lambda: any(body["groupLabels"]["alertname"] == "CrosscallBoardDown" and len(body["alerts"]) == 2
                          for body in self.webhook.notifications("tickets")), "both boards are in one message")
        self.assertEqual(self.delivered("tickets", board="b6"), [], "nobody is told of a board that was taken out of use")
        hung = [body for body in self.webhook.notifications("tickets") if body["groupLabels"]["alertname"] == "CrosscallBoardHang"]
        self.assertEqual(hung[0]["alerts"][0]["annotations"]["summary"], "A trial hung on b3")

    def check_sweeps(self):
        self.await_delivery("lab-oncall", alertname="CrosscallSweepOverdue", sweep="nightly")
        self.await_delivery("tickets", alertname="CrosscallSweepNotStarted", sweep="nightly")
        self.assertEqual(self.delivered("lab-oncall", sweep="weekly"), [])

    def check_certificates(self):
        self.await_delivery("tickets", alertname="CrosscallCertificateExpiring", certificate="server")
        self.await_delivery("lab-oncall", alertname="CrosscallCertificateExpiring", certificate="ca")
        until(lambda: self.held_back(alertname="CrosscallCertificateExpiring", severity="warning", certificate="ca"),
              "the lesser alert about the same certificate is held back")
        self.assertEqual(self.held_back(certificate="server"), [])

    def check_regressions(self):
        one, other = model_lab.IMPLEMENTATIONS[:2]
        first, second = model_lab.SCENARIOS
        for implementation, scenario in ((one, first), (one, second), (other, first)):
            self.await_delivery("digest", alertname="CrosscallRegression", implementation=implementation, scenario=scenario)
        together = max(self.webhook.notifications("digest"), key=lambda body: len(body["alerts"]))
        self.assertEqual(len([alert for alert in together["alerts"] if alert["labels"]["alertname"] == "CrosscallRegression"]), 3,
                         "the digest is one message")

    def break_the_fleet(self):
        self.lab.hangs = [(time.time(), board, model_lab.IMPLEMENTATIONS[0]) for board in ("b1", "b2", "b3", "b4", "b5")]
        self.lab.regressed = {**self.lab.regressed, ("b2", model_lab.IMPLEMENTATIONS[0], model_lab.SCENARIOS[0]): 1.4}

    def check_what_the_fleet_explains(self):
        one, other = model_lab.IMPLEMENTATIONS[:2]
        first, second = model_lab.SCENARIOS
        self.await_delivery("lab-oncall", alertname="CrosscallHangsFleetwide")
        until(lambda: len(self.held_back(alertname="CrosscallBoardHang")) == 5, "single hangs are held back")
        self.await_delivery("tickets", alertname="CrosscallRegressionFleetwide", implementation=one, scenario=first)
        until(lambda: self.held_back(alertname="CrosscallRegression", implementation=one, scenario=first), "single regressions are held back")
        for point in ({"implementation": one, "scenario": second}, {"implementation": other, "scenario": first}):
            self.assertEqual(self.held_back(alertname="CrosscallRegression", **point), [], "another regression is not")

    def check_the_night(self):
        """The other Alertmanager had the same alerts: tickets come at any time, the digest waits for its morning."""
        until(lambda: self.night_webhook.notifications("tickets"), "tickets come at night, too")
        until(lambda: "route is not within active time" in self.at_night.process.text(), "the digest is put off at night")
        self.assertEqual(self.night_webhook.notifications("digest"), [])

    def test_each_alert_is_routed_by_its_severity(self):
        subprocess.run(["amtool", "check-config", str(EXAMPLE)], check=True, capture_output=True)
        until(self.prometheus.rules, "rules are loaded")
        alerts = [rule for rule in self.prometheus.rules() if rule["type"] == "alerting"]
        self.assertGreater(len(alerts), 20)
        for rule in alerts:
            self.assertEqual(self.receiver_of(alertname=rule["name"], **rule["labels"]), RECEIVER[rule["labels"]["severity"]], rule["name"])
        self.assertEqual(self.receiver_of(alertname="Unheard", severity="warning"), "tickets")

    @staticmethod
    def receiver_of(**labels):
        pairs = [f"{name}={value}" for name, value in labels.items()]
        done = subprocess.run(["amtool", "config", "routes", "test", f"--config.file={EXAMPLE}", *pairs], check=True, capture_output=True, text=True)
        return done.stdout.splitlines()[0].strip()


if __name__ == "__main__":
    unittest.main(verbosity=2)
