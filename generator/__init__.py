"""The pure core: a workflow folder goes in, values come out.

Nothing here touches the network, git, a container engine, the clock or the environment, and nothing is written.
"""
