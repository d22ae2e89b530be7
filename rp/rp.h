/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RP_RP_H
#define RP_RP_H

#include "store/sessions.h"
#include "webauthn/registration.h"

/*
 * The relying party: what an account holder, an administrator or a stranger
 * may ask for, and what becomes of it.  Knows no HTTP and no clock: the time
 * comes in with each call.  Every function may be called from any thread.
 */
struct rp;

/* What a call came to.  The names are those of the API's problems. */
#define RP_ANSWERS(X)                                                          \
	X(RP_OK, "ok")                                                         \
	X(RP_NAME_MALFORMED, "name-malformed")                                 \
	X(RP_NAME_TAKEN, "name-taken")                                         \
	X(RP_SIGN_UP_CLOSED, "sign-up-closed")                                 \
	X(RP_INVITATION_UNKNOWN, "invitation-unknown")                         \
	X(RP_CEREMONY_MALFORMED, "ceremony-malformed")                         \
	X(RP_CEREMONY_EXPIRED, "ceremony-expired")                             \
	X(RP_CEREMONY_SPENT, "ceremony-spent")                                 \
	X(RP_CEREMONY_FOREIGN, "ceremony-foreign")                             \
	X(RP_CEREMONY_KIND, "ceremony-kind")                                   \
	X(RP_CEREMONY_ACCOUNT, "ceremony-account")                             \
	X(RP_PASSKEY_UNKNOWN, "passkey-unknown")                               \
	X(RP_PASSKEY_REFUSED, "passkey-refused")                               \
	X(RP_SIGN_COUNT, "sign-count")                                         \
	X(RP_CREDENTIAL_TAKEN, "credential-taken")                             \
	X(RP_LAST_PASSKEY, "last-passkey")                                     \
	X(RP_PASSKEYS_FULL, "passkeys-full")                                   \
	X(RP_ACCOUNT_LOCKED, "account-locked")                                 \
	X(RP_SESSION_NONE, "session-none")                                     \
	X(RP_SESSION_EXPIRED, "session-expired")                               \
	X(RP_PROOF_NEEDED, "proof-needed")                                     \
	X(RP_NOT_FOUND, "not-found")                                           \
	X(RP_KEY_MALFORMED, "key-malformed")                                   \
	X(RP_APPROVAL_UNKNOWN, "approval-unknown")                             \
	X(RP_APPROVAL_OVER, "approval-over")                                   \
	X(RP_APPROVAL_CHANGED, "approval-changed")                             \
	X(RP_APPROVALS_RESTING, "approvals-resting")                           \
	X(RP_CHOICE_MALFORMED, "choice-malformed")                             \
	X(RP_CHOICE_MADE, "choice-made")                                       \
	X(RP_CHOICE_MISSING, "choice-missing")                                 \
	X(RP_COLLECT_REFUSED, "collect-refused")                               \
	X(RP_DEVICE_PROOF_MALFORMED, "device-proof-malformed")                 \
	X(RP_DEVICE_PROOF_REFUSED, "device-proof-refused")                     \
	X(RP_PHONE_UNKNOWN, "phone-unknown")                                   \
	X(RP_PHONES_FULL, "phones-full")                                       \
	X(RP_PUSH_MALFORMED, "push-malformed")                                 \
	X(RP_OFFER_UNKNOWN, "offer-unknown")                                   \
	X(RP_OFFER_OPEN, "offer-open")                                         \
	X(RP_OFFER_OVER, "offer-over")                                         \
	X(RP_RATE_LIMITED, "rate-limited")                                     \
	X(RP_STORAGE_FULL, "storage-full")                                     \
	X(RP_FAULT, "fault")

enum rp_answer {
#define X(id, name) id,
	RP_ANSWERS(X)
#undef X
};

const char *rp_answer_name(enum rp_answer a);

enum rp_sign_up {
	RP_SIGN_UP_MODE_OPEN,
	RP_SIGN_UP_MODE_INVITATION,
	RP_SIGN_UP_MODE_CLOSED,
};

/* Copied by rp_open() but for what its pointers point to. */
struct rp_config {
	const char *rp_id;
	const char *rp_name; /* shown to people */
	const char *const *origins; /* exact; ends with NULL */
	const char *const *top_origins; /* likewise, or NULL */
	bool allow_cross_origin;
	enum rp_sign_up sign_up;
	const int32_t *algorithms; /* COSE, best first */
	size_t algorithm_count;
	/* .at and .metadata are set by each call. */
	struct wa_attestation_policy attestation;
	struct wa_mds_shelf *metadata; /* of the one in use; NULL: none */
	enum wa_backup_policy backup;
	bool refuse_backup_upgrade;
	struct wa_extension_policy extensions;
	store_time ceremony_ms; /* 0: 5 minutes */
	store_time fresh_ms; /* 0: 5 minutes */
	store_time session_idle_ms; /* 0: 14 days */
	store_time session_ms; /* 0: 90 days */
	store_time history_ms; /* 0: 400 days */
	store_time invitation_ms; /* 0: 7 days */
	/* Sign-in on another device; enum store_match, 0: choose one of three.
	 */
	uint8_t approval_match;
	bool number_always; /* also for a kept browser */
	store_time approval_ms; /* 0: 3 minutes */
	store_time approval_session_idle_ms; /* 0: 7 days */
	store_time approval_session_ms; /* 0: 30 days */
	store_time browser_idle_ms; /* kept; 0: 90 days */
	store_time browser_ms; /* 0: 400 days */
	bool no_limits; /* load tests: nobody is told to wait */
	unsigned limits_factor; /* see limits.h; 0: 1 */
	/*
	 * Honours struct rp_wishes and rp_signup.join.  Without it user
	 * verification and a discoverable passkey are asked for always.
	 */
	bool conformance;
};

/*
 * Secrets of the installation.  Ceremonies are sealed with the first key and
 * opened with either, so that keys can be rotated while people sign in.
 */
struct rp_keys {
	uint8_t seal[2][32]; /* AES-256-GCM; the second is the one before */
	uint8_t decoy[32]; /* HMAC-SHA-256; decides what strangers are shown */
};

/* keys are copied.  NULL when there is no memory or the config is senseless. */
struct rp *rp_open(
    const struct rp_config *c, const struct rp_keys *keys, struct store *s);
void rp_close(struct rp *rp);

/*
 * What `from` has counted counts for rp as well, and from then on both count
 * together: a new configuration is no amnesty.  Before rp is used.
 */
void rp_limits_share(struct rp *rp, struct rp *from);

/* New random keys; false when the machine has no randomness. */
bool rp_keys_make(struct rp_keys *keys);

/*
 * One call: who asks, from where, at what time; and, once it has returned,
 * what the log should say of it.  The browser is never shown the notes.
 */
struct rp_call {
	store_time now;
	struct store_client client;
	uint8_t network[16]; /* whom limits count: IPv4 mapped, IPv6 as a /64 */
	uint8_t wide[16]; /* what that lies in: IPv6 as a /48; else the same */
	uint8_t browser[32]; /* SHA-256 of the browser's binding cookie */

	enum wa_verdict verdict; /* why a passkey was refused */
	bool account_known, credential_known;
	struct account_id account;
	struct credential_ref credential;
	store_time
	    retry_after_ms; /* with RP_RATE_LIMITED, RP_APPROVALS_RESTING */
	const char *hint; /* with RP_NAME_MALFORMED: static, in English */
	size_t phones_told; /* that a push goes to, where it says so */
};

/* A sealed ceremony in text (base64url), as it travels with the page. */
enum { RP_CEREMONY_MAX = 2047 };

struct rp_ceremony_text {
	char s[RP_CEREMONY_MAX + 1];
};

/* A PublicKeyCredentialDescriptor. */
struct rp_descriptor {
	uint8_t id[STORE_CREDENTIAL_ID_MAX];
	uint16_t id_n;
	uint8_t transports; /* of enum store_transport */
};

struct rp_descriptors {
	size_t n;
	struct rp_descriptor list[STORE_CREDENTIALS_MAX];
};

enum rp_attestation_conveyance {
	RP_CONVEY_NONE,
	RP_CONVEY_INDIRECT,
	RP_CONVEY_DIRECT,
	RP_CONVEY_ENTERPRISE,
};

enum rp_requirement { RP_REQUIRED, RP_PREFERRED, RP_DISCOURAGED };

/* What the conformance API may ask for.  Zero is what itsumo asks otherwise. */
struct rp_wishes {
	enum rp_attestation_conveyance attestation;
	enum rp_requirement user_verification;
	enum rp_requirement resident_key;
};

/* What a page needs for navigator.credentials.create(). */
struct rp_creation {
	struct rp_ceremony_text ceremony;
	store_time expires;
	uint8_t challenge[32];
	uint8_t user_handle[STORE_USER_HANDLE];
	char name[STORE_NAME_MAX + 1];
	char display_name[STORE_DISPLAY_NAME_MAX + 1];
	struct rp_wishes wishes;
	struct rp_descriptors exclude;
};

/* What a page needs for navigator.credentials.get(). */
struct rp_request {
	struct rp_ceremony_text ceremony;
	store_time expires;
	uint8_t challenge[32];
	enum rp_requirement user_verification;
	struct rp_descriptors allow; /* none: discoverable */
};

/* A credential that a page brings back from a registration. */
struct rp_new_passkey {
	struct wa_registration registration;
	uint8_t transports; /* of enum store_transport; unknown ones dropped */
	const char *name; /* chosen by its owner; NULL: the provider's */
};

/* A session token in text, for a cookie.  Known to the browser alone. */
enum { RP_TOKEN_TEXT = 64 };

struct rp_token {
	char s[RP_TOKEN_TEXT + 1];
};

/* Somebody is signed in: who, and with which session. */
struct rp_signed_in {
	struct store_account account;
	struct store_session session;
};

/* The JSON-free facts of the configuration, for the edges. */
const struct rp_config *rp_config_of(const struct rp *rp);
struct store *rp_store_of(struct rp *rp);

#endif
