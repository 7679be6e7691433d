"""What a merchant has written, found again and answered from."""
