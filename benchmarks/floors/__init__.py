"""What a figure is compared with: the same work without the product around it."""
