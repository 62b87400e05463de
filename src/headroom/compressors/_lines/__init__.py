"""The line codec, shared by `logs`, `runs`, `html`, `prose` and `opaque`: one module a notation."""
