"""What goes wrong with files, peers and records of others."""


class TamisError(Exception):
    """Something from outside that cannot be used; the message says what, where, and the remedy."""


class RunFault(TamisError):
    """A run or journal that cannot be read or written."""


class FileFault(TamisError):
    """A model, calibration or table that cannot be used."""


class CatchUpFault(TamisError):
    """An answer of a catch-up socket that is none, or none at all."""


class NoAnswer(CatchUpFault):
    """Nobody answers at a catch-up address."""


class KeyFault(TamisError, ValueError):
    """A file of keys that cannot be used."""
