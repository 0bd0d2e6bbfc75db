"""What Credly told us: stored at once, then fetched with our own key and acted on."""
