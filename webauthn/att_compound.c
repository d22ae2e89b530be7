/* SPDX-License-Identifier: Apache-2.0 */
#include "webauthn/attestation.h"

#include "webauthn/x5c.h"

/*
 * WebAuthn L3 section 8.9, editor's draft of 2026-07-30.  Our policy is all of
 * them: a statement that does not verify is either broken or forged, and
 * neither speaks for the others beside it.
 */

/* Each statement is a verification, each certificate one to parse: together no
 * more than a generous statement that stands alone. */
#define STATEMENTS_MAX 4

/* Certificates in all, as far as CBOR shows them. */
static uint64_t
count_certificates(const struct wa_cbor *array)
{
	struct cursor c = cursor_over(array->inside);
	struct wa_cbor item, statement, x5c;
	uint64_t count = 0;

	while (wa_cbor_next(&c, &item)) {
		if (item.kind == WA_CBOR_MAP &&
		    wa_cbor_get_text(&item, "attStmt", &statement) &&
		    statement.kind == WA_CBOR_MAP &&
		    wa_cbor_get_text(&statement, "x5c", &x5c) &&
		    x5c.kind == WA_CBOR_ARRAY)
			count += x5c.value;
	}
	return count;
}

/* { fmt, attStmt }, and fmt anything but "compound". */
static enum wa_verdict
judge_one(const struct wa_statement *st, const struct wa_cbor *item,
    struct wa_judged *judged)
{
	struct wa_statement one = *st;
	struct wa_cbor format;

	if (item->value != 2 || !wa_cbor_get_text(item, "fmt", &format) ||
	    format.kind != WA_CBOR_TEXT ||
	    wa_cbor_is_text(&format, "compound") ||
	    !wa_cbor_get_text(item, "attStmt", &one.map))
		return WA_STATEMENT_FORM;
	return wa_attestation_judge(&format, &one, judged);
}

/* The best of them speaks for all; of two as good, one that signs a model. */
static bool
speaks_better(const struct wa_judged *a, const struct wa_judged *b)
{
	return b->format == NULL || a->type > b->type ||
	       (a->type == b->type && b->signs_no_model && !a->signs_no_model);
}

static enum wa_verdict
verify(const struct wa_statement *st, struct wa_attested *out)
{
	struct cursor c = cursor_over(st->map.inside);
	struct wa_attested all = { .settled = true };
	struct wa_judged judged = { 0 };
	struct slice unknown = { 0 };
	bool legacy = false;
	struct wa_cbor item;
	enum wa_verdict v;

	if (st->map.kind != WA_CBOR_ARRAY || st->map.value < 2 ||
	    st->map.value > STATEMENTS_MAX ||
	    count_certificates(&st->map) > WA_X5C_MAX)
		return WA_STATEMENT_FORM;
	while (wa_cbor_next(&c, &item)) {
		if ((v = judge_one(st, &item, &judged)) != WA_OK)
			return v;
		if (judged.unknown_format.p != NULL)
			unknown = judged.unknown_format;
		legacy = legacy || judged.legacy;
		if (speaks_better(&judged, &all.inside))
			all.inside = judged;
	}
	all.type = all.inside.type;
	all.inside.unknown_format = unknown;
	all.inside.legacy = legacy;
	*out = all;
	return WA_OK;
}

const struct wa_attestation wa_att_compound = {
	.format = "compound",
	.verify = verify,
};
