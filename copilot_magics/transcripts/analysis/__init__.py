"""What can be asked of a DataFrame of messages: the methods of ``df.copilot``, a module each."""
