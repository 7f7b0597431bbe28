"""One call of a loss as data, what came of it on some framework (``case``), and files of calls with their answers (``records``)."""
