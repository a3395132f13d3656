"""Speed and memory, against peers; kept out of the tests."""
