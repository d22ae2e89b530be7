#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs the library somewhere else, builds check.c there with nothing but
# pkg-config, and lets it judge a case of the corpus.
#
#     outside.sh BUILD-FOLDER SOURCE-FOLDER COMPILER
set -eu
build=$1
source=$2
shift 2
cc=$*
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
echo 1..4
meson install -C "$build" --no-rebuild --quiet --tags devel --destdir "$dir/root"
pc=$(find "$dir/root" -name itsumo-webauthn.pc)
[ -n "$pc" ] && echo "ok 1 - installs with a pkg-config file" ||
    { echo "not ok 1 - installs with a pkg-config file"; exit 1; }
export PKG_CONFIG_PATH="$(dirname "$pc")"
prefix=$(pkg-config --variable=prefix itsumo-webauthn)
cp "$source/tests/example/check.c" "$dir/check.c"
cd "$dir"
# shellcheck disable=SC2046
$cc -std=c17 -Wall -Wextra -Werror -o check check.c \
    $(pkg-config --define-variable=prefix="$dir/root$prefix" --static \
    --cflags --libs itsumo-webauthn) && echo "ok 2 - a program builds" ||
    { echo "not ok 2 - a program builds"; exit 1; }
python3 - "$source/tests/corpus/generated.jsonl" >case <<'EOF'
import json, sys
for line in open(sys.argv[1]):
    row = json.loads(line)
    if row['id'] == 'gen-reg-none-control':
        r = row['response']['response']
        print(row['rp_id'], row['origin'], row['challenge'],
              row['response']['id'], r['clientDataJSON'],
              r['attestationObject'])
EOF
read -r rp origin challenge id text object <case
[ "$(./check "$rp" "$origin" "$challenge" "$id" "$text" "$object")" = ok ] &&
    echo "ok 3 - it accepts" || echo "not ok 3 - it accepts"
[ "$(./check "$rp" "$origin" AQID "$id" "$text" "$object")" = challenge ] &&
    echo "ok 4 - it refuses by name" || echo "not ok 4 - it refuses by name"
