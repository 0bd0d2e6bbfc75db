"""Credly's web service as this plugin sees it: what it can be asked, what it answers, and how it says no."""
