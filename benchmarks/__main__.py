"""``python -m benchmarks``."""

from unifocal.terminal import print_in_any_encoding

from .cli import app

print_in_any_encoding()
app(prog_name="python -m benchmarks")
