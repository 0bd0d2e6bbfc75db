"""The story: from an empty LMS to badges at Credly, through what can go wrong, to how both are kept agreeing."""

from __future__ import annotations

from demo.log import Listener
from demo.story import earning, ending, life, notices, systems, trouble, upkeep, way
from demo.telling import Teller
from demo.world import World


def tell(world: World, teller: Teller, log: Listener) -> None:
    """Tell all of it, and check every figure on the way."""
    teller.title("Credly badges: what happens between a passing grade and a badge, and after it")
    teller.say(
        f"The LMS is this process. Credly is a stand-in at {world.credly.origin}, which keeps its own books; no figure "
        "below is assumed, each is read from one or the other."
    )
    way.tell(world, teller)
    trouble.tell(world, teller, log)
    teller.part("Requirements worth the name")
    earning.tell(world, teller)
    teller.part("Kept true")
    notices.tell(world, teller)
    life.tell(world, teller)
    upkeep.tell(world, teller, log)
    teller.part("With other systems")
    systems.tell(world, teller)
    teller.part("In the end")
    ending.tell(world, teller, log)
