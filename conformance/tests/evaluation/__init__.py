"""How eager calls are evaluated: in blocks, in threads, like an earlier call, compiled."""
