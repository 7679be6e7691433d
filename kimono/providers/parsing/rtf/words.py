"""What the control words of a rich text file mean: encodings, signs, groups to leave out (RTF specification 1.9.1)."""

import re

CODEPAGES = {
    128: "cp932", 129: "cp949", 134: "gb18030", 136: "big5", 161: "cp1253", 162: "cp1254", 163: "cp1258",
    177: "cp1255", 178: "cp1256", 186: "cp1257", 204: "cp1251", 222: "cp874", 238: "cp1250",
}  # fmt: skip
SIGNS = {
    "emdash": "—", "endash": "–", "lquote": "‘", "rquote": "’", "ldblquote": "“", "rdblquote": "”", "bullet": "•",
    "tab": "\t", "line": "\n", "lbr": "\n", "emspace": " ", "enspace": " ", "qmspace": " ", "softline": "\n",
}  # fmt: skip
# Groups whose text is not on the printed page, or stands on every one.
_UNPRINTED = (
    "header headerl headerr headerf footer footerl footerr footerf listtable listoverridetable generator objdata"
    " fldinst themedata colorschememapping datastore latentstyles rsidtbl xmlnstbl nonshppict shprslt sp annotation atnid"
    " atnauthor atnref atndate tc xe bkmkstart bkmkend filetbl revtbl pgptbl ftnsep ftnsepc aftnsep aftnsepc pnseclvl"
    " mmathPr wgrffmtfilter template passwordhash userprops docvar do"
)
SKIPPED = frozenset(_UNPRINTED.split())
# Ignorable groups that are read all the same.
KEPT = frozenset(
    {"shppict", "shptxt", "shpinst", "shpgrp", "shp", "listtext", "pntext", "fldrslt", "nesttableprops"}
)
HEADING = re.compile(r"(?:heading|标题|標題|überschrift|titre)\s*([1-9])", re.IGNORECASE)
