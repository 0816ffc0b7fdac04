"""Why something is taken out of a group: a rule of it that was chosen, and what is said beside it."""

from collections.abc import Sequence

MOST = 300  # characters that are said beside the rule


def said(rules: Sequence[str], rule: int, reason: str) -> str:
    """What everybody reads; `rule` is the number of one of the `rules`, 0 for none."""
    named = [f"({rule}) {rules[rule - 1]}"] if 1 <= rule <= len(rules) else []
    return "\n".join([*named, *([reason.strip()[:MOST]] if reason.strip() else [])])
