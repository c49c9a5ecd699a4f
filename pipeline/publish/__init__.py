"""Publishing: charts into chart repositories, so that no entry is ever lost."""
