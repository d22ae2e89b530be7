# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Sourced by tests/run: what reads the sources without running them.  Each
# `check NAME COMMAND` becomes one test.

mapfile -t c_sources < <(git ls-files '*.c')
mapfile -t c_all < <(git ls-files '*.[ch]')
mapfile -t own_sources < <(git ls-files 'webauthn/*.c' 'store/*.c' 'rp/*.c' \
	'web/*.c')

# No line of these files matches the pattern.
none_match() {
	local pattern=$1
	shift
	! grep -nE "$pattern" "$@"
}

first_lines_name_the_licence() {
	local file bad=0
	for file in "${c_all[@]}"; do
		[ "$(head -n 1 "$file")" = \
			'/* SPDX-License-Identifier: Apache-2.0 */' ] || {
			echo "$file"
			bad=1
		}
	done
	return $bad
}

# A floor includes nothing to its left.
arrows() {
	local includes='^[[:space:]]*#[[:space:]]*include[[:space:]]+"'
	none_match "$includes(store|rp|web)/" webauthn/*.[ch] &&
		none_match "$includes(rp|web)/" store/*.[ch] &&
		none_match "$includes(web)/" rp/*.[ch]
}

# Each floor speaks what design says, and leaves the rest to others.
tongues() {
	none_match '\bmdb_|<lmdb\.h>' webauthn/*.[ch] rp/*.[ch] web/*.[ch] \
		web/server/*.[ch] &&
		none_match '<lmdb\.h>' $(ls store/*.[ch] | grep -v engine) &&
		none_match '<microhttpd\.h>|<curl/' webauthn/*.[ch] \
			store/*.[ch] rp/*.[ch] &&
		none_match '<jansson\.h>' store/*.[ch] rp/*.[ch] &&
		none_match '\b(time|gettimeofday|clock_gettime)\(' \
			webauthn/*.[ch] rp/*.[ch]
}

tidy() {
	printf '%s\n' "${own_sources[@]}" |
		xargs -P 2 -n 4 clang-tidy -p "$clang" --quiet \
			--warnings-as-errors='*'
}

check "each file names its licence" first_lines_name_the_licence
check "the floors' arrows" arrows
check "each floor speaks its own libraries" tongues
check "nothing is left open" none_match \
	'\b(TODO|FIXME|XXX)\b' "${c_all[@]}"
check "clang-format" clang-format --dry-run -Werror "${c_all[@]}"
check "clang-tidy" tidy
check "cppcheck" cppcheck --quiet --error-exitcode=1 --inline-suppr -j 2 \
	--enable=warning,performance,portability --std=c11 --library=posix \
	--suppressions-list=tests/cppcheck.txt -D_GNU_SOURCE -I. \
	--cppcheck-build-dir="$(mkdir -p build/cppcheck && echo build/cppcheck)" \
	"${own_sources[@]}"
check "the layout in README.md" python3 tests/layout.py
check "the manual page" mandoc -T lint -W warning web/itsumo.8
check "the shell scripts are well formed" bash -n web/serve web/prepare.sh \
	tests/run tests/lint.sh tests/serve.sh .ci/run
