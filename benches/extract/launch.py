"""Starts a command and reports what it cost, from a process so small that its own memory does not
show: the peak that Linux reports for a command includes that of the process it was forked from.

    launch.py REPORT CPU_SECONDS COMMAND...
"""

import json
import os
import resource
import sys
import time

report, cpu_seconds, command = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
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
_, status, usage = os.wait4(child, 0)
with open(report, "w", encoding="ascii") as out:
    json.dump({
        "exit": os.waitstatus_to_exitcode(status),
        "cpu": usage.ru_utime + usage.ru_stime,
        "wall": time.monotonic() - begun,
        "rss": usage.ru_maxrss * 1024,
    }, out)
