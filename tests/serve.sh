#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The first of the two commands, as a newcomer types it, on a free port.  It
# builds in build/ where that is not done already.
set -u
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
dir=$(mktemp -d)
pid=
trap '[ -z "$pid" ] || kill -KILL "$pid" 2>/dev/null; rm -rf "$dir"' EXIT
n=0
ok() {
	n=$((n + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $n - $2"
	else
		echo "not ok $n - $2"
		sed 's/^/# /' "$dir/log"
	fi
}
echo 1..7
unset ITSUMO_CONFIG ITSUMO_DATA ITSUMO_LISTEN
cd "$dir" || exit 1

"$top/web/serve" --help >"$dir/log" 2>&1 && grep -q -- --listen "$dir/log"
ok $? "says what it takes"

"$top/web/serve" --listen 0.0.0.0:0 --data "$dir/data" >"$dir/log" 2>&1
[ $? -eq 3 ] && grep -q 'on loopback only' "$dir/log" && [ ! -e "$dir/data" ]
ok $? "is a trial on loopback only"

"$top/web/serve" --listen 127.0.0.1:0 --data data >"$dir/log" 2>&1 &
pid=$!
url=
for ((i = 0; i < 1200 && ${#url} == 0; i++)); do
	url=$(sed -n 's/^itsumo is ready at \([^ ]*\).*/\1/p' "$dir/log")
	kill -0 "$pid" 2>/dev/null || break
	sleep 0.1
done
[ -n "$url" ]
ok $? "is ready, and says where"

port=${url##*:}
{
	exec 3<>"/dev/tcp/127.0.0.1/$port" &&
		printf 'GET / HTTP/1.1\r\nHost: localhost:%s\r\nConnection: %s' \
			"$port" $'close\r\n\r\n' >&3 && cat <&3 >"$dir/page"
} 2>>"$dir/log"
head -n 1 "$dir/page" | grep -q 'HTTP/1.1 200' && grep -q '<form' "$dir/page"
ok $? "serves the page"

[ -f "$dir/data/data.mdb" ]
ok $? "keeps its data where the caller meant"

kill -TERM "$pid"
wait "$pid"
status=$?
pid=
[ "$status" -eq 0 ]
ok $? "ends well"

! grep 'level=error' "$dir/log"
ok $? "has nothing to complain of"
