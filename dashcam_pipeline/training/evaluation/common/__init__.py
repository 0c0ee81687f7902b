"""What measuring weights of any kind takes: motion, tables, contact sheets."""
