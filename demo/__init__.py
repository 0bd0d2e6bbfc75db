"""A demonstration: a host that loads the plugin as an LMS does, a stand-in Credly, and a story about both.

``python -m demo`` tells the story; ``python -m demo --serve`` then leaves everything running, to be tried by hand.
"""
