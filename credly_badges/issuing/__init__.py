"""From the order to issue a badge to Credly's confirmation, through whatever fails on the way."""
