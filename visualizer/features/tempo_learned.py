"""What was learned from scores about beats; `klangbild train tempo` writes this file."""

# fmt: off
RATIOS = (0.25, 1 / 3, 0.5, 2 / 3, 0.75, 1.0, 4 / 3, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0)
"""Of a period: where the onsets are compared with themselves."""
REPEAT_WEIGHTS = (1.05, 0.74, 3.31, -2.15, 1.35, 11.75, -2.49, 0.63, 3.05, 0.12, 1.19, 0.27, 0.58)
"""How much it speaks for a beat that they are alike there, as a logarithm of likelihood; and their square."""
SQUARE_WEIGHTS = (-1.56, 0.80, -5.39, 0.51, -1.86, -6.57, -0.66, -3.90, -3.71, -0.60, -0.81, -0.07, -0.41)
OCTAVE_WEIGHTS = (0.58, -1.07)
"""How likely a tempo is, by its octaves from 120 BPM and their square."""
PHASE_WEIGHTS = (
    2.35, 0.03, -1.86, -1.28, -0.48, 0.16, 0.03, -0.41, -0.60, -0.54, -0.23, -0.25,
    -0.64, -1.10, -0.78, -0.38, -0.52, -0.58, -0.36, -0.05, 0.23, 1.62, 2.65, 3.00,
)
"""How much it speaks for a beat that something is struck so far of a beat before it."""
