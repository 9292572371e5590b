"""What was learned from scores at known tempi about beats; `klangbild train tempo` writes this file."""

# fmt: off
RATIOS = (0.25, 1 / 3, 0.5, 2 / 3, 0.75, 1.0, 4 / 3, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0)
"""Of a period: where the onsets are compared with themselves."""
REPEAT_WEIGHTS = (3.38, 2.26, 4.34, -2.37, 0.35, 10.62, -2.91, 0.04, 4.04, 0.09, 1.51, 0.01, 0.44)
"""How much it speaks for a beat that they are alike there, as a logarithm of likelihood; and their square."""
SQUARE_WEIGHTS = (-4.03, 1.69, -4.99, 0.83, -3.60, -5.99, -0.79, -4.02, -4.15, -0.84, -0.85, 0.22, -0.48)
OCTAVE_WEIGHTS = (0.55, -1.14)
"""How likely a tempo is, by its octaves from 120 BPM and their square."""
PHASE_WEIGHTS = (
    2.05, -0.21, -2.05, -1.03, -0.37, 0.19, 0.30, -0.54, -0.80, -0.27, 0.07, 0.15,
    -0.17, -0.84, -0.81, -0.36, -0.65, -0.96, -0.99, -0.01, 0.74, 1.42, 2.40, 2.74,
)
"""How much it speaks for a beat that something is struck so far of a beat before it."""
