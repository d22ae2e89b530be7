/* SPDX-License-Identifier: Apache-2.0 */
#include "rp/evidence.h"

#include "rp/approvals.h"
#include "rp/ids.h"
#include "webauthn/b64url.h"

enum { FORM = 1 };

/* One key=value, apart from the one before by a space. */
struct sheet {
	char *p;
	size_t n, room;
	bool bad;
};

static void
put(struct sheet *s, const char *text)
{
	size_t n = strlen(text);

	if (s->bad || n >= s->room - s->n) {
		s->bad = true;
		return;
	}
	memcpy(s->p + s->n, text, n + 1);
	s->n += n;
}

static void
put_text(struct sheet *s, const char *key, const char *value)
{
	put(s, s->n > 0 ? " " : "");
	put(s, key);
	put(s, "=");
	put(s, value);
}

static void
put_bytes(struct sheet *s, const char *key, struct slice value)
{
	put_text(s, key, "");
	if (s->bad || !wa_b64url_encode(value, s->p + s->n, s->room - s->n)) {
		s->bad = true;
		return;
	}
	s->n += strlen(s->p + s->n);
}

bool
rp_evidence_write(const struct rp_evidence *e,
    char detail[STORE_AUDIT_DETAIL_MAX + 1], size_t *n)
{
	struct sheet s = { .p = detail, .room = STORE_AUDIT_DETAIL_MAX + 1 };

	put_text(&s, "v", "1");
	put_text(&s, "approval", rp_id_write("apr_", e->approval.b).s);
	put_text(&s, "outcome", rp_approval_state_name(e->outcome));
	put_text(&s, "number", e->number);
	put_text(&s, "choice", e->choice);
	put_bytes(&s, "secret", (struct slice){ e->secret, sizeof(e->secret) });
	put_bytes(&s, "origin", slice_of(e->origin));
	put_bytes(&s, "transaction", e->transaction);
	put_bytes(&s, "client-data", e->client_data_json);
	put_bytes(&s, "authenticator-data", e->authenticator_data);
	put_bytes(&s, "signature", e->signature);
	put_bytes(&s, "credential", e->credential_id);
	put_bytes(&s, "key", e->cose_key);
	if (!s.bad)
		*n = s.n;
	return !s.bad;
}
