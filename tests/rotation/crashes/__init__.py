"""Rotations that are killed everywhere: a bomb, a world to rotate in, and the driver."""
