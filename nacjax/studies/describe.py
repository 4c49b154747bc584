"""Descriptions of studies; they live beside the rooms, since runs are described as well."""

from ..describe import (
    describe as describe,
    device_name as device_name,
    differences as differences,
    versions as versions,
)
