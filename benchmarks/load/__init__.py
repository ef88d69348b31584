"""The load benchmark: servers in turns on one core, clients on another. ``python -m`` runs it."""
