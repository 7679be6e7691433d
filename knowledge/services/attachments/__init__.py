"""Attachments: the pictures, tables and files that belong to a version or a QA pair and come along with answers."""
