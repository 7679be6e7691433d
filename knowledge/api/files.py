"""What all doors of files share: who gets in, and how bytes of strangers are served."""

from django.http import HttpRequest, HttpResponse
from django.utils.http import content_disposition_header

from kimono.lib.errors import TooLarge
from knowledge.services.documents import quotas
from knowledge.services.documents.reading import StoredFile
from tenants.auth import AsyncGuard, Guard, Principal

# What a form may weigh beside its file.
_FORM_BYTES = 256 * 1024


class UploadGuard(AsyncGuard):
    """Lets files in up to the limit of one upload, and names that limit when it refuses."""

    def checked(self, request: HttpRequest) -> Principal:
        """Return the caller, or raise the refusal."""
        self.max_bytes = quotas.most("UPLOAD_BYTES") + _FORM_BYTES
        try:
            return super().checked(request)
        except TooLarge:
            raise TooLarge(max_bytes=quotas.most("UPLOAD_BYTES")) from None


class FileGuard(Guard):
    """Lets in also whoever brings a signature; what it is good for is checked with the file."""

    def _check(self, principal: Principal, request: HttpRequest) -> None:
        if principal.kind == "anonymous" and principal.tenant is not None and request.GET.get("sig"):
            return
        super()._check(principal, request)


def _typed(file: StoredFile) -> str:
    """Return the media type; of a text in UTF-8 with its charset, or a browser reads Chinese as Latin letters."""
    if not file.mime.startswith("text/"):
        return file.mime
    try:
        file.content.decode()
    except UnicodeDecodeError:
        return file.mime
    return f"{file.mime}; charset=utf-8"


def served(request: HttpRequest, file: StoredFile, *, attachment: bool) -> HttpResponse:
    """Return the answer that a file is: its type as sniffed, never run by a browser, kept by this caller alone."""
    etag = f'"{file.digest.removeprefix("sha256:")}"'
    known = [part.strip().removeprefix("W/") for part in request.headers.get("If-None-Match", "").split(",")]
    response = HttpResponse(status=304) if etag in known else HttpResponse(file.content)
    response["Content-Type"] = _typed(file)
    response["Content-Disposition"] = content_disposition_header(attachment, file.name) or "attachment"
    response["ETag"] = etag
    response["Cache-Control"] = "private"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox"
    return response
