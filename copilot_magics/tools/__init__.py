"""What the agent may call in this kernel: tools for the notebook, and the user's own functions.

Each call is asked for like everything else that the agent does (`copilot_magics.permissions`), and
is done in the thread that waits for the turn (`work`), as a cell would be.
"""
