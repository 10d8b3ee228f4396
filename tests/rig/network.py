"""A network of one machine's own: places with an address each, in network namespaces, on one switch.

All of it, the switch too, is in namespaces that this file makes and removes, so nothing of the machine's own network is
touched, and two runs do not meet. Needs root, iproute2 and nsenter (util-linux).
"""

import pathlib
import secrets
import subprocess

from wire import SlowWire


def run(*command):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise OSError(f"{' '.join(map(str, command))}: {done.stderr.strip() or done.returncode}")


class Network:
    def __init__(self):
        self.tag = f"crosscall-{secrets.token_hex(3)}"
        self.addresses = {}
        self.namespaces = []
        self.wires = []
        self._add("switch")
        run(*self._ip("switch"), "link", "add", "bridge", "type", "bridge")
        run(*self._ip("switch"), "link", "set", "bridge", "up")

    def _add(self, place):
        run("ip", "netns", "add", f"{self.tag}-{place}")
        self.namespaces.append(place)
        run(*self._ip(place), "link", "set", "lo", "up")

    def _ip(self, place):
        return ["ip", "-n", f"{self.tag}-{place}"]

    def _tc(self, place):
        return ["tc", "-n", f"{self.tag}-{place}", "qdisc"]

    def join(self, place, address, slow=None):
        """`slow`: (seconds, share lost, seed) of a wire that delays and loses."""
        self._add(place)
        if slow is None:
            run(*self._ip("switch"), "link", "add", "name", place, "type", "veth", "peer", "name", "eth0", "netns", f"{self.tag}-{place}")
        else:
            wire = SlowWire(*slow)
            self.wires.append(wire)
            for end, home, name in zip(wire.names, (place, "switch"), ("eth0", place)):
                run("ip", "link", "set", end, "netns", f"{self.tag}-{home}", "name", name)
        self.heal(place)
        run(*self._ip("switch"), "link", "set", "dev", place, "up")
        run(*self._ip(place), "address", "add", f"{address}/24", "dev", "eth0")
        run(*self._ip(place), "link", "set", "eth0", "up")
        self.addresses[place] = address

    def at(self, place):
        """What a command begins with to run there; its process id stays that of the command."""
        return ["nsenter", f"--net=/run/netns/{self.tag}-{place}"]

    def cut(self, place):
        """Frames vanish in both directions; neither side is told, as when a switch further away dies."""
        run(*self._ip("switch"), "link", "set", "dev", place, "nomaster")

    def heal(self, place):
        run(*self._ip("switch"), "link", "set", "dev", place, "master", "bridge")

    # A token bucket that is too small for any frame drops them all, and every kernel with tc has it.
    DROP = ("root", "tbf", "rate", "8bit", "burst", "1b", "limit", "1b")

    def mute(self, place):
        """What the place sends is lost, what is sent to it arrives."""
        run(*self._tc(place), "replace", "dev", "eth0", *self.DROP)

    def unmute(self, place):
        run(*self._tc(place), "del", "dev", "eth0", "root")

    def deafen(self, place):
        """What is sent to the place is lost, what it sends arrives."""
        run(*self._tc("switch"), "replace", "dev", place, *self.DROP)

    def undeafen(self, place):
        run(*self._tc("switch"), "del", "dev", place, "root")

    def remove(self):
        """Once nothing runs in it any more. Goes on after an error, so that as little as possible is left."""
        for wire in self.wires:
            wire.close()
        for place in self.namespaces:
            if pathlib.Path(f"/run/netns/{self.tag}-{place}").exists():
                subprocess.run(["ip", "netns", "del", f"{self.tag}-{place}"], check=False)
        self.namespaces = []
