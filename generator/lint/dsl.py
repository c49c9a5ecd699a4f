"""Rules of single values: durations, cron expressions, what a state has and has not."""
