"""An upload of up to 1 GiB into a file, which appears under its name only when it is complete.

The request is read no faster than the disk takes it. A client that leaves, or that sends more than
``max_body`` (answered with 413), leaves nothing behind::

    UPLOADS=/tmp headrace run upload_to_disk:app --app-dir examples
    head -c 100000000 /dev/urandom | curl -N -T - http://127.0.0.1:8000/files/noise
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from headrace import Headrace, Request, json
from headrace.response import HTTPResponse
from headrace_streams import to_file

GIB = 1024 * 1024 * 1024
FOLDER = Path(os.environ.get("UPLOADS", tempfile.gettempdir()))

app = Headrace("upload-to-disk")


@contextmanager
def completed(path: Path) -> Iterator[Path]:
    """Give a temporary path to write to; it becomes ``path`` unless the block fails."""
    descriptor, name = tempfile.mkstemp(prefix=f"{path.name}-", suffix=".part", dir=path.parent)
    os.close(descriptor)
    part = Path(name)
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


@app.put("/files/<name:slug>", stream=True, max_body=GIB)
async def upload(request: Request, name: str) -> HTTPResponse:
    with completed(FOLDER / name) as part:
        async with to_file(part) as file:
            size = await request.stream.copy_to(file)
    return json({"name": name, "bytes": size}, status=201)
