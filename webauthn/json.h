/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEBAUTHN_JSON_H
#define WEBAUTHN_JSON_H

/* Inside this floor only: this header speaks jansson. */

#include <jansson.h>
#include <stdbool.h>

#include "webauthn/slice.h"

/* A parse ended for want of memory.  jansson says so in some places and says
 * nothing in others; what is wrong with a text it always names.  *error has to
 * be zero before the parse: where that ends at once, its code is not written.
 */
static inline bool
wa_json_starved(const json_error_t *error)
{
	const enum json_error_code code = json_error_code(error);

	return code == json_error_out_of_memory || code == json_error_unknown;
}

/* What browsers send has a few hundred bytes; origins have at most 2 000.
 * Each comma and opening bracket may cost the parser an allocation, wherever
 * it stands: browsers send some ten. */
#define WA_JSON_MAX 8192
#define WA_JSON_ITEMS_MAX 256

/* Keeps what a parser can be made to do below the cost of two signatures. */
static inline bool
wa_json_is_short(struct slice text)
{
	size_t items = 0;

	if (text.n > WA_JSON_MAX)
		return false;
	for (size_t i = 0; i < text.n; i++)
		items +=
		    text.p[i] == ',' || text.p[i] == '[' || text.p[i] == '{';
	return items <= WA_JSON_ITEMS_MAX;
}

#endif
