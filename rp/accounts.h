/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RP_ACCOUNTS_H
#define RP_ACCOUNTS_H

#include "rp/rp.h"
#include "store/history.h"
#include "store/invitations.h"
#include "store/phones.h"

/*
 * name_key becomes the name as names are compared: PRECIS UsernameCaseMapped
 * (RFC 8265) on top of NFKC case folding, so that full-width and half-width,
 * large and small letters are one.  An e-mail address is a name like another.
 * RP_NAME_MALFORMED: *hint says what is wrong with it.
 */
enum rp_answer rp_name_prepare(
    const char *name, char name_key[STORE_NAME_MAX + 1], const char **hint);
/* PRECIS Nickname (RFC 8266), for display names and names of passkeys. */
enum rp_answer rp_label_prepare(
    const char *label, char *out, size_t size, const char **hint);

/*
 * Whether call->account may change one thing more: what is signed in, or a
 * phone, leaves history and audit with each.  RP_RATE_LIMITED, else RP_OK and
 * it is counted.  What can be done only as often as something else was counted
 * need not ask: ending, removing, locking.
 */
enum rp_answer rp_account_may_change(struct rp *rp, struct rp_call *call);

/* PRECIS Nickname too, or nothing at all. */
enum rp_answer rp_display_name_prepare(
    const char *name, char out[STORE_DISPLAY_NAME_MAX + 1], const char **hint);

/* What an account's owner may change. */
struct rp_account_change {
	const char *display_name; /* NULL: unchanged; "": none */
	const char *locale; /* NULL: unchanged */
	const bool *always_passkey; /* NULL: unchanged */
};

/*
 * All of it or nothing.  RP_NAME_MALFORMED with call->hint; RP_PROOF_NEEDED:
 * switching "always passkey" off wants a fresh proof.
 */
enum rp_answer rp_account_change(struct rp *rp, struct rp_call *call,
    const struct rp_signed_in *who, const struct rp_account_change *change,
    struct store_account *changed);
/* Wants a fresh proof.  Everything goes but the audit log. */
enum rp_answer rp_account_remove_own(
    struct rp *rp, struct rp_call *call, const struct rp_signed_in *who);

enum { RP_HISTORY_PAGE_MAX = 100 };

/* before: all zero for the newest.  out holds max, at most RP_HISTORY_PAGE_MAX.
 */
enum rp_answer rp_history_list(struct rp *rp, struct rp_call *call,
    const struct rp_signed_in *who, const struct history_id *before,
    struct store_history *out, size_t max, size_t *n);
/* The newest notices not yet seen, at most max. */
enum rp_answer rp_notices_list(struct rp *rp, struct rp_call *call,
    const struct rp_signed_in *who, struct store_history *out, size_t max,
    size_t *n);
/* RP_PROOF_NEEDED: no passkey has been used in this session. */
enum rp_answer rp_notice_seen(struct rp *rp, struct rp_call *call,
    const struct rp_signed_in *who, const struct history_id *id);

/* An invitation in text: 128 random bits and more. */
enum { RP_INVITATION_TEXT = 43 };

struct rp_invitation_text {
	char s[RP_INVITATION_TEXT + 1];
	uint8_t id[16]; /* "inv_"; public: the half of its token's hash */
};

struct rp_invitation {
	bool for_account;
	char name[STORE_NAME_MAX + 1];
	char display_name[STORE_DISPLAY_NAME_MAX + 1];
	store_time expires;
};

enum rp_answer rp_invitation_check(struct rp *rp, struct rp_call *call,
    const char *invitation, struct rp_invitation *out);

/* By the administrator, on the command line; each writes an audit entry. */
enum rp_answer rp_admin_account_add(struct rp *rp, struct rp_call *call,
    const char *name, const char *display_name, struct store_account *added,
    struct rp_invitation_text *invitation);
enum rp_answer rp_admin_invite(struct rp *rp, struct rp_call *call,
    const char *name, struct rp_invitation_text *invitation,
    store_time *expires);
/*
 * Invitations that can still be used, as store_invitations_list() has them.
 * One to an account is a way into it.  All of those end with the first that is
 * used, when the account is locked, and when the administrator ends all of its
 * sessions.
 */
enum rp_answer rp_admin_invitations_list(struct rp *rp, struct rp_call *call,
    const uint8_t after[32], struct store_invitation *out, size_t max,
    size_t *n);
enum rp_answer rp_admin_invitation_revoke(
    struct rp *rp, struct rp_call *call, const uint8_t id[16]);
enum rp_answer rp_admin_account_find(struct rp *rp, struct rp_call *call,
    const char *name_or_id, struct store_account *found);
/* Locking ends every session; *n is how many. */
enum rp_answer rp_admin_account_lock(struct rp *rp, struct rp_call *call,
    const struct account_id *id, size_t *n);
enum rp_answer rp_admin_account_unlock(
    struct rp *rp, struct rp_call *call, const struct account_id *id);
enum rp_answer rp_admin_account_remove(
    struct rp *rp, struct rp_call *call, const struct account_id *id);
/* One session, or with NULL all of the account's, and its invitations. */
enum rp_answer rp_admin_session_revoke(struct rp *rp, struct rp_call *call,
    const struct account_id *id, const struct session_id *session, size_t *n);
/*
 * A passkey of a device that is lost, with the sessions that it opened; *n is
 * how many.  RP_LAST_PASSKEY unless last is true: nobody could sign in then.
 * Its owner and the phones are told.
 */
enum rp_answer rp_admin_passkey_remove(struct rp *rp, struct rp_call *call,
    const struct account_id *id, const struct credential_ref *ref, bool last,
    size_t *n);
/* A phone, so that it approves nothing any more; its passkey stays. */
enum rp_answer rp_admin_phone_remove(struct rp *rp, struct rp_call *call,
    const struct account_id *id, const struct phone_id *phone);

#endif
