"""padded_worker.py BYTES WORKER ...: a worker whose result is that much larger, as one with very many histograms is.

It stands between the agent and the real worker, and passes frames on: four bytes of length, little-endian, and a message.
To a result it adds a field that nobody knows, which is kept, as in every message of a newer program.
"""

import os
import socket
import subprocess
import sys

FRAME_FD, REGION_FD = 3, 4
RESULT, UNKNOWN = 2, 15000


def varint(value):
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def field(number, content):
    return varint(number << 3 | 2) + varint(len(content)) + content


def read_frame(stream):
    """None at the end."""
    length = stream.read(4)
    return stream.read(int.from_bytes(length, "little")) if len(length) == 4 else None


def main():
    padding, command = int(sys.argv[1]), sys.argv[2:]
    if "--describe" in command:
        os.execv(command[0], command)
    agent = socket.socket(fileno=FRAME_FD)
    ours, theirs = socket.socketpair()
    # The worker expects its end where the agent's was.
    to_agent = agent.dup()
    agent.close()
    os.dup2(theirs.fileno(), FRAME_FD)
    worker = subprocess.Popen(command, pass_fds=(FRAME_FD, REGION_FD))
    os.close(FRAME_FD)
    theirs.close()
    requests, frames = to_agent.makefile("rb"), ours.makefile("rb")
    request = read_frame(requests)
    ours.sendall(len(request).to_bytes(4, "little") + request)
    while (frame := read_frame(frames)) is not None:
        if frame[:1] == varint(RESULT << 3 | 2):
            # A second occurrence of a message is merged into the first.
            frame += field(RESULT, field(UNKNOWN, os.urandom(padding)))
        to_agent.sendall(len(frame).to_bytes(4, "little") + frame)
    sys.exit(worker.wait())


if __name__ == "__main__":
    main()
