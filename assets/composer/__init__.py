"""The parts of the demo track, each synthesised from numpy alone."""
