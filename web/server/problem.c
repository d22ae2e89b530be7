/* SPDX-License-Identifier: Apache-2.0 */
#include "web/server/problem.h"

const struct problem_text *
problem_text(enum problem p)
{
	static const struct problem_text texts[] = {
#define X(id, status, code, title) { status, code, title },
		PROBLEMS(X)
#undef X
	};

	return &texts[p];
}

enum problem
problem_of_answer(enum rp_answer a)
{
	switch (a) {
	case RP_OK:
		return PROBLEM_NONE;
#define SAME(name)                                                             \
	case RP_##name:                                                        \
		return PROBLEM_##name
		SAME(NAME_MALFORMED);
		SAME(NAME_TAKEN);
		SAME(SIGN_UP_CLOSED);
		SAME(INVITATION_UNKNOWN);
		SAME(CEREMONY_MALFORMED);
		SAME(CEREMONY_EXPIRED);
		SAME(CEREMONY_SPENT);
		SAME(CEREMONY_FOREIGN);
		SAME(CEREMONY_KIND);
		SAME(CEREMONY_ACCOUNT);
		SAME(PASSKEY_UNKNOWN);
		SAME(PASSKEY_REFUSED);
		SAME(SIGN_COUNT);
		SAME(CREDENTIAL_TAKEN);
		SAME(LAST_PASSKEY);
		SAME(PASSKEYS_FULL);
		SAME(ACCOUNT_LOCKED);
		SAME(SESSION_NONE);
		SAME(SESSION_EXPIRED);
		SAME(PROOF_NEEDED);
		SAME(NOT_FOUND);
		SAME(KEY_MALFORMED);
		SAME(APPROVAL_UNKNOWN);
		SAME(APPROVAL_OVER);
		SAME(APPROVAL_CHANGED);
		SAME(APPROVALS_RESTING);
		SAME(CHOICE_MALFORMED);
		SAME(CHOICE_MADE);
		SAME(CHOICE_MISSING);
		SAME(COLLECT_REFUSED);
		SAME(DEVICE_PROOF_MALFORMED);
		SAME(DEVICE_PROOF_REFUSED);
		SAME(PHONE_UNKNOWN);
		SAME(PHONES_FULL);
		SAME(PUSH_MALFORMED);
		SAME(OFFER_UNKNOWN);
		SAME(OFFER_OPEN);
		SAME(OFFER_OVER);
		SAME(RATE_LIMITED);
		SAME(STORAGE_FULL);
		SAME(FAULT);
#undef SAME
	}
	return PROBLEM_FAULT;
}
