/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RP_PHONES_H
#define RP_PHONES_H

#include "rp/rp.h"
#include "store/phones.h"

/*
 * Phones that may approve.  A phone joins an account from the phone itself,
 * signed in there with its passkey, or by an offer that a computer shows as a
 * QR code and that is confirmed on that computer by the phone's name.
 */

/* What a phone brings along. */
struct rp_new_phone {
	const char *name;
	const char *platform; /* "" unknown */
	uint8_t key[64]; /* its device key, P-256: x, y */
	struct store_push push; /* endpoint "": none */
};

/*
 * Adds the phone that is signed in (on itself), whose passkey is the one that
 * its session was opened with.  RP_PROOF_NEEDED: wants a fresh proof.
 * RP_NAME_MALFORMED, RP_KEY_MALFORMED, RP_PUSH_MALFORMED, RP_PHONES_FULL.
 */
enum rp_answer rp_phone_add(struct rp *rp, struct rp_call *call,
    const struct rp_signed_in *who, const struct rp_new_phone *got,
    struct store_phone *added);

/* out holds STORE_PHONES_MAX; oldest first. */
enum rp_answer rp_phones_list(struct rp *rp, struct rp_call *call,
    const struct rp_signed_in *who, struct store_phone *out, size_t *n);
/* Want a fresh proof. */
enum rp_answer rp_phone_rename(struct rp *rp, struct rp_call *call,
    const struct rp_signed_in *who, const struct phone_id *id, const char *name,
    struct store_phone *renamed);
enum rp_answer rp_phone_remove(struct rp *rp, struct rp_call *call,
    const struct rp_signed_in *who, const struct phone_id *id);

/* ---- offers ---- */

enum { RP_OFFER_TEXT = 64 };

/* The secret of an offer in text; what the QR code carries. */
struct rp_offer_text {
	char s[RP_OFFER_TEXT + 1];
};

struct rp_offer {
	struct offer_id id; /* "off_" */
	enum store_offer_state state;
	store_time expires;
	/* From ANSWERED on: which phone, to be confirmed by name. */
	struct phone_id phone;
	char name[STORE_PHONE_NAME_MAX + 1];
	char platform[STORE_PLATFORM_MAX + 1];
	struct store_client client;
};

/* On the computer; wants a fresh proof.  RP_PHONES_FULL. */
enum rp_answer rp_offer_begin(struct rp *rp, struct rp_call *call,
    const struct rp_signed_in *who, struct rp_offer *out,
    struct rp_offer_text *token);
/* RP_OFFER_UNKNOWN: not of this session's, or expired. */
enum rp_answer rp_offer_look(struct rp *rp, struct rp_call *call,
    const struct rp_signed_in *who, const struct offer_id *id,
    struct rp_offer *out);
/*
 * Lets the phone that answered in, with its passkey, or not.  RP_OFFER_OPEN:
 * none has answered.  RP_OFFER_OVER: decided already.  RP_PHONES_FULL,
 * RP_PASSKEYS_FULL, RP_CREDENTIAL_TAKEN.
 */
enum rp_answer rp_offer_confirm(struct rp *rp, struct rp_call *call,
    const struct rp_signed_in *who, const struct offer_id *id, bool yes,
    struct store_phone *added);

/* On the phone, by the offer's secret: options for a passkey of this phone. */
enum rp_answer rp_offer_options(struct rp *rp, struct rp_call *call,
    const char *token, struct rp_creation *out);
/*
 * The phone answers, once: RP_OFFER_OVER when a phone has.  It is in from the
 * confirmation on; until then its proofs are RP_PHONE_UNKNOWN.  Also
 * RP_CEREMONY_*, RP_PASSKEY_REFUSED and those of rp_phone_add().
 */
enum rp_answer rp_offer_answer(struct rp *rp, struct rp_call *call,
    const char *token, struct slice ceremony,
    const struct rp_new_passkey *passkey, const struct rp_new_phone *got,
    struct phone_id *id);
/* What became of it, for the phone that waits.  Client and name stay empty. */
enum rp_answer rp_offer_state(struct rp *rp, struct rp_call *call,
    const char *token, struct rp_offer *out);

#endif
