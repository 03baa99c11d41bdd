"""What a prompt mentions with ``@``: found, looked up, told in bounded words, completed."""
