"""Rules of what the SonataFlow engine gets wrong without a word."""
