"""A cable that delays each frame and loses some, as tc's netem does where the kernel has it: not all kernels do.

Its ends are two TAP devices; a thread carries frames from each to the other. The kernel's own TCP runs over it.
"""

import collections
import fcntl
import os
import random
import secrets
import select
import struct
import threading
import time

TUNSETIFF = 0x400454CA
IFF_TAP, IFF_NO_PI = 0x0002, 0x1000
FRAME_BYTES = 65536
LOOK_AGAIN_S = 0.05


class SlowWire:
    def __init__(self, delay_s, loss, seed):
        self.delay_s = delay_s
        self.loss = loss
        self.random = random.Random(seed)
        tag = secrets.token_hex(3)
        self.names = [f"ccw{tag}{end}" for end in "ab"]
        self.ends = [open_tap(name) for name in self.names]
        self.carried = self.carried_bytes = self.lost = 0
        self.closed = False
        self.thread = threading.Thread(target=self._carry)
        self.thread.start()

    def close(self):
        """The devices vanish with their last descriptor."""
        if not self.closed:
            self.closed = True
            self.thread.join()
            for end in self.ends:
                os.close(end)

    def _carry(self):
        # All frames take the same time, so they leave in the order in which they came.
        under_way = collections.deque()
        while not self.closed:
            wait_s = min(LOOK_AGAIN_S, under_way[0][0] - time.monotonic()) if under_way else LOOK_AGAIN_S
            for end in select.select(self.ends, [], [], max(0, wait_s))[0]:
                self._take(end, under_way)
            while under_way and under_way[0][0] <= time.monotonic():
                _, end, frame = under_way.popleft()
                write(end, frame)

    def _take(self, end, under_way):
        frame = read(end)
        if frame is None:
            return
        if self.random.random() < self.loss:
            self.lost += 1
            return
        self.carried += 1
        self.carried_bytes += len(frame)
        other = self.ends[1 - self.ends.index(end)]
        under_way.append((time.monotonic() + self.delay_s, other, frame))


def open_tap(name):
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TAP | IFF_NO_PI))
    return device


def read(end):
    """None while there is no frame, or the device is down."""
    try:
        return os.read(end, FRAME_BYTES)
    except OSError:
        return None


def write(end, frame):
    try:
        os.write(end, frame)
    except OSError:
        pass  # The device is down: the frame is lost, as on a real cable.
