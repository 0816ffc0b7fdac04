"""Making collected changes, wherever one stands: in the transaction that is open, or in one of their own."""

from storage.connect import Row, Writes, apply, in_transaction, write


async def save(writes: Writes) -> list[list[Row]]:
    """Make the changes; durable on return unless a transaction is open, whose commit makes them so."""
    return await (write(writes) if in_transaction() else apply(writes))
