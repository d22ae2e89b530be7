/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RP_JCS_H
#define RP_JCS_H

#include "webauthn/slice.h"

/*
 * Writes JSON in the one form that RFC 8785 (JCS) gives it: no white space,
 * strings escaped as ECMAScript does, members in the order of their names.
 * Strings, integers, booleans, arrays and objects; nothing else is needed.
 *
 * What cannot be written makes it bad for good, to be asked at the end: a
 * text that is no UTF-8, a number beyond 2^53 - 1, a member out of order or
 * twice, an end too many or too few, or no room.
 */
enum { RP_JCS_DEPTH = 4, RP_JCS_NAME_MAX = 31 };

struct rp_jcs {
	char *p;
	size_t n, room; /* room for the NUL at the end too */
	bool bad;
	size_t depth;
	struct rp_jcs_level {
		bool array, begun;
		char last[RP_JCS_NAME_MAX + 1]; /* the last member's name */
	} levels[RP_JCS_DEPTH];
};

#define RP_JCS(text) ((struct rp_jcs){ .p = (text), .room = sizeof(text) })

/*
 * name: of a member, in ASCII; NULL in an array and for the outermost value,
 * which is an object.
 */
void rp_jcs_object(struct rp_jcs *j, const char *name);
void rp_jcs_array(struct rp_jcs *j, const char *name);
void rp_jcs_end(struct rp_jcs *j);
void rp_jcs_string(struct rp_jcs *j, const char *name, const char *value);
void rp_jcs_integer(struct rp_jcs *j, const char *name, int64_t value);
void rp_jcs_bool(struct rp_jcs *j, const char *name, bool value);

/* Ends the text with a NUL; false when anything went wrong on the way. */
bool rp_jcs_finish(struct rp_jcs *j);

#endif
