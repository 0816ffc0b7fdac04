"""What can go wrong between us and the database, the same for both of them."""


class OperationalError(Exception):
    """The database refused a statement; says what it said."""


class IntegrityError(OperationalError):
    """A constraint of the schema forbids the change: unique, foreign key, not null, check, or a trigger."""


class Unavailable(OperationalError):
    """The database cannot do it now: disk full, connection lost, locked by another program, closed."""


class Collision(OperationalError):
    """Two transactions stood in each other's way (PostgreSQL) and this one was undone: worth trying again."""


class MigrationError(Exception):
    """The schema cannot be brought to where this version of the software needs it; says why."""


class SlotLost(Exception):
    """This process has not renewed its slot for ids in time: another process may use it now."""
