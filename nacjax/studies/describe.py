"""Descriptions of studies; they live beside the rooms, since runs are described as well."""

from ..describe import (
    describe as describe,
)
from ..describe import (
    device_name as device_name,
)
from ..describe import (
    differences as differences,
)
from ..describe import (
    versions as versions,
)
