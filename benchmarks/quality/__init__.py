"""How good the answers are: question sets asked through the product's own search, beside plain BM25."""
