"""The name of an uploaded file as it was sent. Django keeps its last part only, so `a/x.md` and `b/x.md` would be one."""

from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler
from django.http.multipartparser import MultiPartParser


class _NamingParser(MultiPartParser):
    """Django's parser, which also keeps the name that it is about to cut on the file itself."""

    _sent = ""

    def sanitize_file_name(self, file_name: str) -> str | None:
        self._sent = file_name
        return super().sanitize_file_name(file_name)

    def handle_file_complete(self, old_field_name: str, counters: list[int]) -> None:
        super().handle_file_complete(old_field_name, counters)
        files = self._files.getlist(old_field_name)  # type: ignore[attr-defined]
        if files:
            files[-1].sent_name = self._sent


class SentNames(FileUploadHandler):
    """Stands first among the upload handlers and has the body read by a parser that keeps names; stores nothing itself."""

    def handle_raw_input(
        self,
        input_data: Any,
        META: Any,
        content_length: int,
        boundary: Any,
        encoding: str | None = None,
    ) -> Any:
        """Return the form and the files of the body."""
        others = [handler for handler in self.request.upload_handlers if handler is not self]  # type: ignore[union-attr]
        return _NamingParser(META, input_data, others, encoding).parse()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        """Pass the data on; never called, for the parser above does not know this handler."""
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """Leave the file to the other handlers."""


def sent_name(file: "UploadedFile[Any]") -> str:
    """Return the name of `file` as the client sent it, folders included. It is text from outside: never a path to open."""
    return getattr(file, "sent_name", "") or file.name or ""
