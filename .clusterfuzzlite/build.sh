#!/bin/bash -eu
# Builds each fuzz target with its seeds and dictionary into $OUT: for ClusterFuzzLite, and for OSS-Fuzz, whose files are in fuzz/oss-fuzz.
cd "$SRC/wsspec"
case ${SANITIZER:-address} in
  none) sanitizer=none ;;
  # Coverage comes by flags of the compiler, which the engine has set.
  coverage) sanitizer=none ;;
  *) sanitizer=${SANITIZER:-address} ;;
esac
cargo fuzz build -O --debug-assertions --sanitizer "$sanitizer"
host=$(rustc -vV | sed -n 's/^host: //p')
for target in $(cargo fuzz list); do
  cp "fuzz/target/$host/release/$target" "$OUT/"
  cp "fuzz/dict/$target.dict" "$OUT/"
  rm -f "$OUT/${target}_seed_corpus.zip"
  find "fuzz/corpus/$target" -name 'seed-*' | sort | zip -q -j "$OUT/${target}_seed_corpus.zip" -@
done
