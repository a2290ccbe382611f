"""Exports: messages, attachments, streams, mailboxes, annotated captures, other tools' formats.

Files are named by numbers that this program gives. A name from the wire is at most the end of a file's
name, made harmless; and existing files are never overwritten.
"""
