"""Each framework's own ways of differentiating and compiling."""
