"""The workloads of docs/performance.md: ours and its peers, side by side, in one run on one machine."""
