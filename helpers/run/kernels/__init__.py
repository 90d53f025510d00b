"""How the runbook starts kernels: on sockets of their own, and forked from one prepared process.

    environment.py   what a kernel inherits
    provisioner.py   jupyter_client's seam: where a kernel's sockets lie, and who starts it
    fork_server.py   this side of the prepared process: ask for a kernel, watch it, signal it
    zygote.py        the prepared process itself

A kernel spends most of its start importing the same libraries as the one before. The zygote imports
them once and forks, so that each kernel is a process of its own as ever (a kill takes one, a crash
takes one, nothing is shared) that has its imports behind it. Where that can't be had, kernels start
as they always did.
"""
