"""What tools/bench-peers is made of: Tamis beside other engines on the same model and events."""
