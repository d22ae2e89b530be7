# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Sourced by web/serve and tests/run: the Debian packages that itsumo needs,
# each named once and here, and the way from a fresh clone to a build.
# Call from the top of the tree.

# To build and to run.
build_packages=(
	gcc libc6-dev meson ninja-build pkg-config python3
	libssl-dev libfido2-dev libcbor-dev libmicrohttpd-dev liblmdb-dev
	libjansson-dev libconfuse-dev libunistring-dev libqrencode-dev
	libmaxminddb-dev libpsl-dev libgnutls28-dev libcurl4-openssl-dev
	libcmocka-dev
)

# To test.  node and npm are added where no node of 18 or later is found.
test_packages=(
	clang clang-tidy clang-format llvm libclang-rt-14-dev cppcheck mandoc
	procps chromium fonts-noto-cjk dbus-daemon openssl
)

say() {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
}

die() {
	say "$*"
	exit 1
}

# Of the packages named, those that are not installed, a line each.
missing_packages() {
	local p
	for p in "$@"; do
		[ "$(dpkg-query -W -f '${db:Status-Status}' "$p" \
			2>/dev/null)" = installed ] || echo "$p"
	done
}

# Installs what is lacking of the packages named.  With nothing lacking it
# needs neither root nor network.
need_packages() {
	local lacking as_root=() id='' version=''

	if [ -r /etc/os-release ]; then
		id=$(. /etc/os-release && echo "${ID:-}")
		version=$(. /etc/os-release && echo "${VERSION_ID:-}")
	fi
	if [ "$id" != debian ] || [ "$version" != 12 ]; then
		[ -n "${ITSUMO_NO_INSTALL:-}" ] && return
		die "this script knows the packages of Debian 12 alone, and" \
			"this is ${id:-another system} $version. Install what" \
			"these are called here, then set ITSUMO_NO_INSTALL=1:" \
			"$*"
	fi
	mapfile -t lacking < <(missing_packages "$@")
	[ ${#lacking[@]} -eq 0 ] && return
	if [ "$(id -u)" -ne 0 ]; then
		command -v sudo >/dev/null ||
			die "as root, first: apt-get install" \
				"--no-install-recommends ${lacking[*]}"
		as_root=(sudo)
	fi
	say "installing ${lacking[*]}"
	"${as_root[@]}" apt-get -qq update &&
		"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get \
			-qq -y --no-install-recommends \
			-o DPkg::Lock::Timeout=300 install "${lacking[@]}" \
			>/dev/null ||
		die "apt-get could not install ${lacking[*]}"
}

# Sets up a build directory: its name, then arguments for meson.
# CC in the environment chooses the compiler, once, at the first time.
need_build_dir() {
	local dir=$1
	shift
	[ -f "$dir/build.ninja" ] && return
	rm -rf "$dir"
	meson setup "$dir" "$@" >"$dir.log" 2>&1 || {
		cat "$dir.log" >&2
		rm -rf "$dir" "$dir.log"
		die "meson could not set up $dir"
	}
	mv "$dir.log" "$dir/setup.log"
}

# Builds targets in a build directory; silent when all goes well.
build_in() {
	local dir=$1 log
	shift
	log=$dir/build.log
	ninja -C "$dir" "$@" >"$log" 2>&1 || {
		sed -n '/^FAILED/,$p' "$log" | grep -v '^\[' | tail -n 60 >&2
		die "the build in $dir failed; all of it is in $log"
	}
}
