"""The one stateful room: the experiment, its timeline, where one is, playing and training."""
