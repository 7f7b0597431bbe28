"""The project itself: what is installed, imported, documented and benchmarked, and the suite's own means."""
