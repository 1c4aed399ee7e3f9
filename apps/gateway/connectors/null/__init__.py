"""The null connector: an effect that costs one row, for benchmarks and crash tests."""
