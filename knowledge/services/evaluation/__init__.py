"""Evaluation: sets of questions, runs over them, and real answers judged by people."""
