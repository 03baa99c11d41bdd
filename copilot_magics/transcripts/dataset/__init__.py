"""Sessions as a Parquet dataset, which grows with them and is read by others too."""

from copilot_magics.transcripts.dataset.interface import export_transcripts, read_transcripts

__all__ = ["export_transcripts", "read_transcripts"]
