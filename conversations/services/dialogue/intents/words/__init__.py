"""The words that the rules go by. All are matched on folded text: lower case, simplified, narrow."""
