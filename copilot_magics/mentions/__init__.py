"""What a prompt mentions with ``@``, and what is sent along for it."""
