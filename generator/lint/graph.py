"""Rules of what leads where: states that nothing reaches, that reach no end, or that run for ever."""
