"""What every report tells, whatever its format: words, numbers and selections, never markup."""
