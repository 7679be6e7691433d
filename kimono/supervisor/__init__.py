"""Runs Kimono's processes in the foreground of one terminal: PostgreSQL, Redis, web server and worker.

Standard library only: it must be able to say what is wrong before anything else can be imported.
"""
