"""Human agents: seats, presence, queue, workbench."""
