/* SPDX-License-Identifier: Apache-2.0 */
#include "webauthn/verdict.h"

const char *
wa_verdict_name(enum wa_verdict v)
{
	static const char *const names[] = {
#define X(id, name) [id] = name,
		WA_VERDICTS(X)
#undef X
	};

	return names[v];
}
