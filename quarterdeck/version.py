"""The version, alone in its file so that the build and the launcher can read it without importing anything."""

VERSION = "0.1.0"
