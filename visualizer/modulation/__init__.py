"""What moves the knobs by itself: signals, oscillators, random walks, and routes to the parameters."""

from visualizer.modulation.modulator import Modulator, asked_of_decks
from visualizer.modulation.moving import Moving
from visualizer.modulation.offset import Delay, lead
from visualizer.modulation.signals import Signals

__all__ = ["Delay", "Modulator", "Moving", "Signals", "asked_of_decks", "lead"]
