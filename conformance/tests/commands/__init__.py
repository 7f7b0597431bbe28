"""The commands and ``assert_parity``, and what they stand on."""
