"""Starts a command and reports what it cost, from a process so small that its own memory does not
show: the peak that Linux reports for a command includes that of the process it was forked from.

    launch.py REPORT CPU_SECONDS COMMAND...

Processes that the command started and did not wait for become children of this one, and count too.
"""

import ctypes
import json
import os
import resource
import sys
import time

PR_SET_CHILD_SUBREAPER = 36

report, cpu_seconds, command = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
begun = time.monotonic()
child = os.fork()
if child == 0:
    if cpu_seconds:
        resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        os.execvp(command[0], command)
    except OSError:
        os._exit(127)
result = {"exit": None, "cpu": 0.0, "wall": 0.0, "rss": 0}
while True:
    try:
        ended, status, usage = os.wait4(-1, 0)
    except ChildProcessError:
        break
    if ended == child:
        result["exit"] = os.waitstatus_to_exitcode(status)
        result["wall"] = time.monotonic() - begun
    result["cpu"] += usage.ru_utime + usage.ru_stime
    result["rss"] = max(result["rss"], usage.ru_maxrss * 1024)
with open(report, "w", encoding="ascii") as out:
    json.dump(result, out)
