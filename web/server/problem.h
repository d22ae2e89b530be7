/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_SERVER_PROBLEM_H
#define WEB_SERVER_PROBLEM_H

#include "rp/rp.h"

/*
 * What a refused request is told (RFC 9457): a status, a code that programs
 * may rely on, and a title for people who read the answer by hand.
 */
#define PROBLEMS(X)                                                            \
	X(PROBLEM_NONE, 0, "", "")                                             \
	/* what was sent */                                                    \
	X(PROBLEM_JSON_MALFORMED, 400, "json-malformed",                       \
	    "The body is not JSON")                                            \
	X(PROBLEM_JSON_DUPLICATE, 400, "json-duplicate-member",                \
	    "A member stands twice in one object")                             \
	X(PROBLEM_UTF8_MALFORMED, 400, "utf8-malformed",                       \
	    "The body is not UTF-8, or has a NUL in a string")                 \
	X(PROBLEM_FIELD_MISSING, 400, "field-missing", "A member is missing")  \
	X(PROBLEM_FIELD_TYPE, 400, "field-type",                               \
	    "A member has the wrong type or a value that is none of its own")  \
	X(PROBLEM_FIELD_UNKNOWN, 400, "field-unknown",                         \
	    "There is no such member")                                         \
	X(PROBLEM_FIELD_TOO_LONG, 400, "field-too-long",                       \
	    "A member is too long")                                            \
	X(PROBLEM_BASE64URL_MALFORMED, 400, "base64url-malformed",             \
	    "A member is not base64url without padding")                       \
	X(PROBLEM_CREDENTIAL_MALFORMED, 400, "credential-malformed",           \
	    "The credential is not one that a browser makes")                  \
	X(PROBLEM_NAME_MALFORMED, 400, "name-malformed",                       \
	    "This cannot be a name")                                           \
	X(PROBLEM_CEREMONY_MALFORMED, 400, "ceremony-malformed",               \
	    "The ceremony is not one that was begun here")                     \
	X(PROBLEM_CEREMONY_FOREIGN, 400, "ceremony-foreign",                   \
	    "The ceremony was begun in another browser")                       \
	X(PROBLEM_CEREMONY_KIND, 400, "ceremony-kind",                         \
	    "The ceremony was begun for something else")                       \
	X(PROBLEM_CEREMONY_ACCOUNT, 400, "ceremony-account",                   \
	    "The ceremony was begun for another account")                      \
	X(PROBLEM_REQUEST_MALFORMED, 400, "request-malformed",                 \
	    "The request contradicts itself")                                  \
	X(PROBLEM_CEREMONY_EXPIRED, 410, "ceremony-expired",                   \
	    "The ceremony took too long")                                      \
	X(PROBLEM_CEREMONY_SPENT, 409, "ceremony-spent",                       \
	    "The ceremony was finished already")                               \
	/* who asks, and where from */                                         \
	X(PROBLEM_SESSION_NONE, 401, "session-none", "Nobody is signed in")    \
	X(PROBLEM_SESSION_EXPIRED, 401, "session-expired",                     \
	    "The session has ended")                                           \
	X(PROBLEM_PROOF_NEEDED, 403, "proof-needed",                           \
	    "This needs a passkey used within the last minutes")               \
	X(PROBLEM_CROSS_SITE, 403, "cross-site",                               \
	    "The request comes from another site")                             \
	X(PROBLEM_SIGN_UP_CLOSED, 403, "sign-up-closed",                       \
	    "New accounts are not made here")                                  \
	X(PROBLEM_ACCOUNT_LOCKED, 403, "account-locked",                       \
	    "The account is locked")                                           \
	X(PROBLEM_NOT_FOUND, 404, "not-found", "There is nothing here")        \
	X(PROBLEM_INVITATION_UNKNOWN, 404, "invitation-unknown",               \
	    "The invitation was used, has expired, or never was")              \
	/* the envelope */                                                     \
	X(PROBLEM_METHOD, 405, "method-not-allowed",                           \
	    "This cannot be done here")                                        \
	X(PROBLEM_BODY_TOO_LARGE, 413, "body-too-large",                       \
	    "The body is too large")                                           \
	X(PROBLEM_CONTENT_TYPE, 415, "content-type",                           \
	    "The body has to be application/json")                             \
	X(PROBLEM_MISDIRECTED, 421, "misdirected",                             \
	    "This host is not served here")                                    \
	X(PROBLEM_HEADER_TOO_LARGE, 431, "header-too-large",                   \
	    "The header is too large")                                         \
	/* what stands against it */                                           \
	X(PROBLEM_NAME_TAKEN, 409, "name-taken",                               \
	    "Another account has this name")                                   \
	X(PROBLEM_CREDENTIAL_TAKEN, 409, "credential-taken",                   \
	    "This passkey is registered already")                              \
	X(PROBLEM_LAST_PASSKEY, 409, "last-passkey",                           \
	    "It is the only passkey of the account")                           \
	X(PROBLEM_PASSKEYS_FULL, 409, "passkeys-full",                         \
	    "The account has as many passkeys as it can")                      \
	X(PROBLEM_PASSKEY_UNKNOWN, 422, "passkey-unknown",                     \
	    "No account has this passkey")                                     \
	X(PROBLEM_PASSKEY_REFUSED, 422, "passkey-refused",                     \
	    "The passkey was refused")                                         \
	X(PROBLEM_SIGN_COUNT, 422, "sign-count",                               \
	    "A copy of this passkey may be about")                             \
	X(PROBLEM_RATE_LIMITED, 429, "rate-limited",                           \
	    "Too many tries; wait a while")                                    \
	/* sign-in on another device */                                        \
	X(PROBLEM_KEY_MALFORMED, 400, "key-malformed",                         \
	    "The key is no point on P-256")                                    \
	X(PROBLEM_PUSH_MALFORMED, 400, "push-malformed",                       \
	    "The push subscription cannot be one")                             \
	X(PROBLEM_CHOICE_MALFORMED, 400, "choice-malformed",                   \
	    "This number could not have been shown")                           \
	X(PROBLEM_DEVICE_PROOF_MALFORMED, 400, "device-proof-malformed",       \
	    "The proof is not of the form that phones make")                   \
	X(PROBLEM_DEVICE_PROOF_REFUSED, 401, "device-proof-refused",           \
	    "The proof is not one of this phone for this request")             \
	X(PROBLEM_PHONE_UNKNOWN, 401, "phone-unknown",                         \
	    "There is no such phone, or not any more")                         \
	X(PROBLEM_COLLECT_REFUSED, 403, "collect-refused",                     \
	    "The session is not for who asked")                                \
	X(PROBLEM_APPROVAL_UNKNOWN, 404, "approval-unknown",                   \
	    "There is no such request")                                        \
	X(PROBLEM_OFFER_UNKNOWN, 404, "offer-unknown",                         \
	    "There is no such offer, or not any more")                         \
	X(PROBLEM_APPROVAL_OVER, 409, "approval-over", "The request is over")  \
	X(PROBLEM_APPROVAL_CHANGED, 409, "approval-changed",                   \
	    "What was shown is not what would be signed; look again")          \
	X(PROBLEM_CHOICE_MADE, 409, "choice-made",                             \
	    "The first choice was made, and is final")                         \
	X(PROBLEM_CHOICE_MISSING, 409, "choice-missing",                       \
	    "This phone has not chosen")                                       \
	X(PROBLEM_PHONES_FULL, 409, "phones-full",                             \
	    "The account has as many phones as it can")                        \
	X(PROBLEM_OFFER_OPEN, 409, "offer-open", "No phone has answered yet")  \
	X(PROBLEM_OFFER_OVER, 409, "offer-over",                               \
	    "A phone has answered, or it is decided")                          \
	X(PROBLEM_APPROVALS_RESTING, 429, "approvals-resting",                 \
	    "Requests to the phone rest for a while")                          \
	/* the machine */                                                      \
	X(PROBLEM_FAULT, 500, "fault", "Something failed here")                \
	X(PROBLEM_STORAGE_FULL, 503, "storage-full",                           \
	    "Nothing can be stored at the moment")                             \
	X(PROBLEM_BUSY, 503, "busy", "Too much to do at the moment")           \
	X(PROBLEM_DRAINING, 503, "draining", "The service is stopping")

enum problem {
#define X(id, status, code, title) id,
	PROBLEMS(X)
#undef X
	    PROBLEM_COUNT
};

struct problem_text {
	unsigned status;
	const char *code, *title;
};

const struct problem_text *problem_text(enum problem p);
/* PROBLEM_NONE for RP_OK; the others have the same names as the answers. */
enum problem problem_of_answer(enum rp_answer a);

#endif
