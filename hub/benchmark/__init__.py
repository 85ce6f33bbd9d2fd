"""What is measured and beside what: one module per benchmark, each with `run(quick) -> dict of figures`."""
