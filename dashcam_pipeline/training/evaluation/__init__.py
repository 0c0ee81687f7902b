"""How good weights are: ``common``, ``glare`` and ``night_day``."""
