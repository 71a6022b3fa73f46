"""Claims as data: a paper's sentence, our number with its interval, and a verdict."""
