"""The Copilot runtime: finding it, fetching it, running it, and the loop that talks to it."""
