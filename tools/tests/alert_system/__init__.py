"""A real Prometheus with the real rules, daemons that something is done to, and pages that tell of
what cannot be done to a daemon."""
