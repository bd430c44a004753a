"""What commands of az do to an estate: enough of them to follow remedies, and to ask again.

Written after the reference of Azure CLI, https://learn.microsoft.com/cli/azure/network; it shares
nothing with what writes the commands.
"""

from __future__ import annotations

from .changes import CannotFollow, Json, change_part, change_top, commands
from .kinds import PARTS, TOPS
from .special import SPECIAL

__all__ = ["CannotFollow", "commands", "follow"]


def follow(estate: list[Json], remedy: str) -> None:
    """Do to an estate what the commands of a remedy say. Raises CannotFollow."""
    for words, options in commands(remedy):
        group, _, verb = words.rpartition(" ")
        if words in SPECIAL:
            SPECIAL[words](estate, options)
        elif group in PARTS:
            change_part(estate, group, verb, options)
        elif group in TOPS:
            change_top(estate, group, verb, options)
        else:
            raise CannotFollow(words)
