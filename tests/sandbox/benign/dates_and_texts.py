import calendar
import csv
import datetime
import io
import locale
import re
import string
import textwrap
import time
import unicodedata
import xml.etree.ElementTree as xml
from zoneinfo import ZoneInfo

moment = datetime.datetime(2024, 2, 29, 12, tzinfo=datetime.timezone.utc)
assert moment.astimezone(ZoneInfo("Europe/Berlin")).hour == 13
assert time.localtime(0).tm_hour == 0 and calendar.isleap(2024)
assert re.sub(r"(\w+)@(\w+)", r"\2 at \1", "a@b") == "b at a"
assert list(csv.reader(io.StringIO("a,b\n1,2\n"))) == [["a", "b"], ["1", "2"]]
assert xml.fromstring("<a><b>1</b></a>").find("b").text == "1"
assert unicodedata.name("é") and string.Template("$x").substitute(x=1) == "1"
assert textwrap.dedent("  a") == "a" and locale.getpreferredencoding(False).lower() == "utf-8"
