"""What every capability needs and none owns: errors, time, transactions, the command log, permissions, and the edges of the two doors."""
