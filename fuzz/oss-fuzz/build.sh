#!/bin/bash -eu
exec "$SRC/wsspec/.clusterfuzzlite/build.sh"
