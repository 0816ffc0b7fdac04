"""What things cost: real servers, real sockets, simulated peers; CPU time a unit of work beside yardsticks of the run.

It fails nothing. `python -m bench --help` says what can be chosen; docs/performance.md says what the figures mean.
"""
