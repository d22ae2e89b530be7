/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Target functions: every decode of store/codec.h and store/approval_codec.h.
 * The first byte says which; what decodes must encode to the same bytes.
 */
#include <stdlib.h>

#include "store/approval_codec.h"
#include "tests/fuzz/fuzz.h"

union any {
	struct store_account account;
	struct account_id owner;
	struct heads heads;
	struct store_credential credential;
	struct session_record session;
	struct history_record history;
	struct store_invitation invitation;
	struct audit_head audit_head;
	struct store_phone phone;
	struct store_offer offer;
	struct store_browser browser;
	struct store_trust trust;
	struct store_approval approval;
	struct store_guard guard;
	struct store_message message;
};

#define CODEC(type)                                                            \
	static bool type##_read(struct slice value, union any *x)              \
	{                                                                      \
		return type##_decode(value, &x->type);                         \
	}                                                                      \
	static void type##_write(struct writer *w, const union any *x)         \
	{                                                                      \
		type##_encode(w, &x->type);                                    \
	}

CODEC(account)
CODEC(owner)
CODEC(heads)
CODEC(credential)
CODEC(session)
CODEC(history)
CODEC(invitation)
CODEC(audit_head)
CODEC(phone)
CODEC(offer)
CODEC(browser)
CODEC(trust)
CODEC(approval)
CODEC(guard)
CODEC(message)

static const struct {
	bool (*read)(struct slice value, union any *x);
	void (*write)(struct writer *w, const union any *x);
} types[] = {
	{ account_read, account_write },
	{ owner_read, owner_write },
	{ heads_read, heads_write },
	{ credential_read, credential_write },
	{ session_read, session_write },
	{ history_read, history_write },
	{ invitation_read, invitation_write },
	{ audit_head_read, audit_head_write },
	{ phone_read, phone_write },
	{ offer_read, offer_write },
	{ browser_read, browser_write },
	{ trust_read, trust_write },
	{ approval_read, approval_write },
	{ guard_read, guard_write },
	{ message_read, message_write },
};

enum { TYPES = sizeof(types) / sizeof(types[0]), ROOM = 1 << 16 };

static void
audit_both_ways(struct slice value, struct writer *w)
{
	struct audit_record r;

	if (!audit_decode(value, &r) || r.e.event.n == 0 ||
	    r.e.event.n > STORE_AUDIT_EVENT_MAX ||
	    r.e.detail.n > STORE_AUDIT_DETAIL_MAX)
		return;
	audit_encode(w, &r.e, r.hash.p);
	if (w->bad || !slice_equal(writer_done(w), value))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static uint8_t room[ROOM];
	static union any x;
	struct slice value = { p + 1, n - 1 };
	struct writer w = WRITER(room);

	if (n == 0 || p[0] > TYPES)
		return 0;
	if (p[0] == TYPES) {
		audit_both_ways(value, &w);
		return 0;
	}
	memset(&x, 0, sizeof(x));
	if (!types[p[0]].read(value, &x))
		return 0;
	types[p[0]].write(&w, &x);
	if (w.bad || !slice_equal(writer_done(&w), value))
		abort();
	return 0;
}
