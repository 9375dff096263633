"""Runs a program in a terminal of its own (a pseudo-terminal), for tests that no library of Node's can do.

    python3 run-in-terminal.py COLUMNS ROWS PROGRAM ARGUMENT...

What the program writes goes to standard output as it is. Standard input takes one JSON document a line: {"type": text},
{"resize": [columns, rows]}, {"signal": number}. When the program has ended, one JSON document on standard error says how:
{"code": n} or {"signal": n}, and "before" and "after", the terminal's modes.
"""

import fcntl
import json
import os
import pty
import select
import signal
import struct
import sys
import termios


def set_size(fd, columns, rows):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def modes(fd):
    return [value if isinstance(value, int) else [str(each) for each in value] for value in termios.tcgetattr(fd)]


def start(slave, program):
    pid = os.fork()
    if pid == 0:
        os.setsid()
        fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
        for fd in (0, 1, 2):
            os.dup2(slave, fd)
        os.closerange(3, 256)
        os.execvp(program[0], program)
    return pid


def obey(command, master, pid):
    if "type" in command:
        os.write(master, command["type"].encode())
    elif "resize" in command:
        # The kernel tells the program by SIGWINCH.
        set_size(master, *command["resize"])
    elif "signal" in command:
        os.kill(pid, command["signal"])


def main():
    master, slave = pty.openpty()
    set_size(master, int(sys.argv[1]), int(sys.argv[2]))
    before = modes(slave)
    pid = start(slave, sys.argv[3:])
    # Whoever runs the test may be gone: then the program goes too.
    pending = b""
    watched = [master, 0]
    status = None
    while True:
        ready, _, _ = select.select(watched, [], [], 0.02)
        if master in ready:
            sys.stdout.buffer.write(os.read(master, 65536))
            sys.stdout.buffer.flush()
            continue
        if status is not None:
            break
        if 0 in ready:
            data = os.read(0, 65536)
            if data == b"":
                os.kill(pid, signal.SIGKILL)
                watched = [master]
            *lines, pending = (pending + data).split(b"\n")
            for line in lines:
                obey(json.loads(line), master, pid)
        ended, found = os.waitpid(pid, os.WNOHANG)
        if ended == pid:
            status = found
    end = {"signal": os.WTERMSIG(status)} if os.WIFSIGNALED(status) else {"code": os.WEXITSTATUS(status)}
    sys.stderr.write(json.dumps({**end, "before": before, "after": modes(slave)}))


main()
