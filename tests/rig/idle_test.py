"""An idle agent behind one held call: only keepalive pings cross its connection, and neither end takes the other's for abuse."""

import os
import time
import unittest

from rig import Rig, until

# Each end pings after 20 s of silence; gRPC ends a connection at the third ping that it takes for one too many.
IDLE_S = float(os.environ.get("CROSSCALL_IDLE_S", "150"))
ESTABLISHED = "01"
CALLS = 'crosscall_grpc_requests_total{grpc_method="BoardService/Synchronize"'
SWEEP = """
scenarios: [single-call]
implementations: [per_target/spin/mask_all]
target_system: explore
"""


class IdleTest(unittest.TestCase):
    def test_an_idle_connection_stays(self):
        with Rig(controller_flags=["--hold-idle", "3h"]) as rig:
            rig.start_controller()
            agent = rig.start_agent()
            rig.wait_for_board()
            rig.create_sweep("before", SWEEP)
            rig.wait_for_end("before")
            calls = until(lambda: settled(lambda: rig.metric(CALLS)), "its call is held")
            connections = connections_of(agent.pid)
            self.assertEqual(len(connections), 1)
            # That time passes in which nothing happens is what is tested.
            end = time.monotonic() + IDLE_S
            while time.monotonic() < end:
                time.sleep(min(10, max(0, end - time.monotonic())))
                self.assertEqual(connections_of(agent.pid), connections, "the connection is the same one")
            self.assertEqual(rig.metric(CALLS), calls, "no call has ended: no GOAWAY, and no other reason")
            self.assertTrue(rig.is_online("rig"))
            self.assertNotIn("next call in", agent.text())
            rig.create_sweep("after", SWEEP)
            self.assertEqual(rig.wait_for_end("after")["state"], "STATE_SUCCEEDED")
            self.assertEqual(connections_of(agent.pid), connections)


def settled(read):
    """What it reads, once a second reading is the same."""
    first = read()
    time.sleep(1)
    return first if read() == first else None


def connections_of(pid):
    """The established TCP connections of the process, by socket."""
    sockets = set()
    for link in os.scandir(f"/proc/{pid}/fd"):
        try:
            target = os.readlink(link.path)
        except FileNotFoundError:
            continue
        if target.startswith("socket:["):
            sockets.add(target[8:-1])
    rows = []
    for family in ("tcp", "tcp6"):
        with open(f"/proc/{pid}/net/{family}", encoding="ascii") as table:
            rows += [line.split() for line in table.readlines()[1:]]
    return {row[9] for row in rows if row[3] == ESTABLISHED and row[9] in sockets}


if __name__ == "__main__":
    unittest.main()
