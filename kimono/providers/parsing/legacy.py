"""Word files of the old format, read by a program of the system."""

import tempfile
from dataclasses import replace
from pathlib import Path

from kimono.providers.parsing import docx, programs
from kimono.providers.parsing.archives import check_archive
from kimono.providers.parsing.errors import UnreadableFile
from kimono.providers.parsing.kinds import Kind
from kimono.providers.parsing.plain import add_text
from kimono.providers.parsing.registry import Request
from kimono.providers.parsing.shapes import Draft

_SECONDS = 120.0


def parse(request: Request, draft: Draft) -> None:
    """Add what LibreOffice makes of the file as a docx, else what antiword writes of it as text."""
    office = programs.find("soffice", "libreoffice")
    if office is not None and _converted(office, request, draft):
        return
    antiword = programs.find("antiword")
    command = [antiword or "", "-m", "UTF-8.txt", "-w", "0", str(request.path)]
    text = programs.run(command, seconds=_SECONDS) if antiword else None
    if text is None:
        raise UnreadableFile("the file could not be converted; save it as docx")
    add_text(text.decode("utf-8", "replace"), draft)
    request.progress(1, 1)


def _converted(office: str, request: Request, draft: Draft) -> bool:
    """Read the file as a docx made of it; return False when none could be made."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "in.doc"
        source.write_bytes(request.path.read_bytes())
        profile = f"-env:UserInstallation=file://{folder}/profile"
        command = [office, profile, "--headless", "--convert-to", "docx", "--outdir", folder, str(source)]
        programs.run(command, seconds=_SECONDS)
        made = source.with_suffix(".docx")
        if not made.exists():
            return False
        check_archive(made, request.limits)
        docx.parse(replace(request, path=made, kind=Kind.DOCX), draft)
        return True
