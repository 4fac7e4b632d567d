"""What bench.live measures with: the servers it compares and the phones it sends through."""
