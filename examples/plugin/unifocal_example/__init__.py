"""What another package can add to unifocal: a dialect with a formula of its own, and a backend."""
