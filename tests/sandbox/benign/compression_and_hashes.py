import base64
import bz2
import gzip
import hashlib
import hmac
import lzma
import secrets
import uuid
import zipfile
import zlib

data = b"hello" * 1000
for module in (zlib, gzip, bz2, lzma):
    assert module.decompress(module.compress(data)) == data
assert hashlib.sha256(b"").hexdigest().startswith("e3b0c442")
assert hmac.new(b"k", b"m", "sha1").hexdigest()
assert len(secrets.token_hex(8)) == 16 and uuid.uuid4() != uuid.uuid4()
with zipfile.ZipFile("a.zip", "w") as archive:
    archive.writestr("x.txt", "content")
assert zipfile.ZipFile("a.zip").read("x.txt") == b"content"
assert base64.b64decode(base64.b64encode(data)) == data
