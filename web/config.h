/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_CONFIG_H
#define WEB_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * What new passkeys have to be.  policy is a preset; each option behind it
 * wins over it where it is set.
 */
#define CONFIG_POLICY(X)                                                       \
	X(policy, TEXT, "consumer", judge_policy,                              \
	    "what new passkeys must be: consumer (whoever has a passkey may "  \
	    "use it) or enterprise (keys that stay in one device, of models "  \
	    "that prove what they are and that metadata knows). Each option "  \
	    "from here to metadata_expired wins over it")                      \
	X(user_verification, TEXT, "required", judge_user_verification,        \
	    "required, by either policy; nothing less is offered: a passkey "  \
	    "is all there is to sign in with, so that without it whoever "     \
	    "holds a device would be its owner")                               \
	X(algorithms, LIST, "", judge_algorithm,                               \
	    "for new passkeys, best first; empty: those of the policy that "   \
	    "this machine's OpenSSL has")                                      \
	X(attestation, TEXT, "", judge_attestation,                            \
	    "any (consumer); required: only passkeys that say what made "      \
	    "them; trusted (enterprise): and only with a path to an anchor, "  \
	    "of attestation_anchors or of metadata")                           \
	X(attestation_anchors, TEXT, "", NULL,                                 \
	    "PEM file with roots, for models that metadata does not know")     \
	X(attestation_crls, LIST, "", NULL,                                    \
	    "files of revocation lists (PEM or DER) of those who attest")      \
	X(attestation_formats, LIST, "", judge_format,                         \
	    "those that are taken; empty: all (consumer), all but "            \
	    "android-safetynet (enterprise)")                                  \
	X(attestation_unknown, TEXT, "", judge_accept,                         \
	    "a format that nobody knows yet: accept, as no attestation "       \
	    "(consumer), or refuse (enterprise)")                              \
	X(aaguids_allowed, LIST, "", judge_aaguid,                             \
	    "models that are taken; empty: all")                               \
	X(aaguids_refused, LIST, "", judge_aaguid,                             \
	    "models that are not taken")                                       \
	X(backup_eligibility, TEXT, "", judge_backup,                          \
	    "any (consumer); never: only passkeys that stay in one device "    \
	    "(enterprise); always: only those that may be synced")             \
	X(android_tee, TEXT, "", judge_demand,                                 \
	    "Android's attestation must come from hardware: required "         \
	    "(enterprise), optional (consumer)")                               \
	X(tpm_manufacturers, LIST, "", judge_tpm_manufacturer,                 \
	    "beside those that the TCG lists, such as id:FFFFF1D0")            \
	X(u2f_zero_aaguid, TEXT, "", judge_demand,                             \
	    "fido-u2f with an AAGUID of zeros: required, optional (both)")     \
	X(extensions_unasked, TEXT, "", judge_accept,                          \
	    "what extensions say that were not asked for: accept (both), "     \
	    "which ignores it, or refuse")                                     \
	X(metadata, TEXT, "", NULL,                                            \
	    "FIDO's metadata (MDS3): the file of the BLOB, read again when "   \
	    "it changes; something else has to fetch it")                      \
	X(metadata_root, TEXT, "", NULL,                                       \
	    "PEM file with the root that the BLOB's certificates lead to")     \
	X(metadata_crls, LIST, "", NULL,                                       \
	    "files of revocation lists (PEM or DER) for those certificates")   \
	X(metadata_host, TEXT, "mds.fidoalliance.org", judge_label,            \
	    "the name in the certificate that signed it; empty: any")          \
	X(metadata_models, TEXT, "", judge_demand,                             \
	    "that metadata knows the model: required (enterprise), optional "  \
	    "(consumer)")                                                      \
	X(metadata_tolerated, LIST, "", judge_status,                          \
	    "statuses that do not speak against a model: REVOKED, "            \
	    "USER_VERIFICATION_BYPASS, ATTESTATION_KEY_COMPROMISE, "           \
	    "USER_KEY_REMOTE_COMPROMISE, USER_KEY_PHYSICAL_COMPROMISE")        \
	X(metadata_expired, TEXT, "", judge_accept,                            \
	    "attested passkeys when the BLOB's next one is overdue: accept "   \
	    "(consumer), refuse (enterprise)")

/*
 * The configuration: one file, every key also from the environment
 * (ITSUMO_<KEY>), which wins over the file, and some from the command line,
 * which wins over both.  An option is one line here: its name, its kind, what
 * holds where it is not set, who judges a single value, and what it is.
 */
#define CONFIG_OPTIONS(X)                                                      \
	X(listen, TEXT, "127.0.0.1:8080", judge_listen,                        \
	    "where to serve: ADDRESS:PORT, or unix:PATH")                      \
	X(ops_listen, TEXT, "auto", judge_ops_listen,                          \
	    "where to answer /healthz and /metrics; auto: loopback, the port " \
	    "after listen's; off: nowhere")                                    \
	X(data, TEXT, "./data", judge_set, "the folder of the store")          \
	X(rp_id, TEXT, "", judge_rp_id,                                        \
	    "the domain that passkeys belong to; empty: a trial at localhost") \
	X(rp_name, TEXT, "", judge_label,                                      \
	    "the name that people see; empty: the domain")                     \
	X(support, TEXT, "", judge_support,                                    \
	    "who helps people that cannot go on, for the pages to name: "      \
	    "https://… or mailto:NAME@DOMAIN; empty: nobody is named")         \
	X(origins, LIST, "", judge_origin,                                     \
	    "where the pages are reached; empty: https://<rp_id>")             \
	X(related_origins, LIST, "", judge_origin,                             \
	    "other origins that may use the passkeys (/.well-known/webauthn)") \
	X(top_origins, LIST, "", judge_origin,                                 \
	    "pages that may hold ours in a frame when a passkey is used")      \
	X(cross_origin, SWITCH, "off", judge_switch,                           \
	    "accept passkeys used in a frame of another origin")               \
	X(sign_up, TEXT, "open", judge_sign_up,                                \
	    "who may make an account: open, invitation, closed")               \
	X(tls_certificate, TEXT, "", NULL, "PEM file, the whole chain")        \
	X(tls_key, TEXT, "", NULL, "PEM file, the certificate's private key")  \
	X(trusted_proxies, LIST, "", judge_network,                            \
	    "addresses or networks whose forwarding header is believed")       \
	X(forwarded_header, TEXT, "x-forwarded-for", judge_forwarded,          \
	    "which header they set: x-forwarded-for, forwarded")               \
	X(session_idle, TIME, "14d", judge_time,                               \
	    "a session ends when it was not used for so long")                 \
	X(session_life, TIME, "90d", judge_time,                               \
	    "and after so long at latest")                                     \
	X(proof_time, TIME, "5m", judge_time,                                  \
	    "how old a passkey's proof may be for a risky step")               \
	X(ceremony_time, TIME, "5m", judge_time,                               \
	    "how long signing up or in may take")                              \
	X(history_time, TIME, "400d", judge_time,                              \
	    "how long the sign-in history is kept")                            \
	X(invitation_time, TIME, "7d", judge_time,                             \
	    "how long an invitation is good")                                  \
	CONFIG_POLICY(X)                                                       \
	X(limits, SWITCH, "on", judge_switch,                                  \
	    "how often a network or an account may try")                       \
	X(limits_factor, NUMBER, "1", judge_limits_factor,                     \
	    "times as often for a network, where more people share an "        \
	    "address")                                                         \
	X(workers, NUMBER, "64", judge_workers,                                \
	    "threads that wait for the disk, at most")                         \
	X(server_threads, NUMBER, "0", judge_threads,                          \
	    "threads that read and write sockets; 0: one a processor, at "     \
	    "most 4")                                                          \
	X(connections, NUMBER, "16384", judge_connections,                     \
	    "at most at a time")                                               \
	X(connections_per_address, NUMBER, "256", judge_connections,           \
	    "at most at a time from one address, or IPv6 /64; 0: no limit")    \
	X(request_timeout, TIME, "30s", judge_time,                            \
	    "a silent connection is closed after so long; a request, or its "  \
	    "answer, may take twice as long")                                  \
	X(drain_time, TIME, "10s", judge_time,                                 \
	    "how long SIGTERM waits for what runs")                            \
	X(log_level, TEXT, "info", judge_log_level,                            \
	    "error, warning, notice, info, debug")                             \
	X(access_log, SWITCH, "off", judge_switch, "a line for each request")  \
	X(geoip_database, TEXT, "", NULL,                                      \
	    "an .mmdb file of places, for the sign-in history")                \
	X(geoip_networks, TEXT, "", NULL,                                      \
	    "an .mmdb file of networks (ASN), shown when a phone is asked")    \
	X(approvals, SWITCH, "on", judge_switch,                               \
	    "sign-in on another device: a phone approves a new browser")       \
	X(approval_match, TEXT, "choose3", judge_match,                        \
	    "how the number gets to the phone: choose3 (one of three), "       \
	    "type2, type6 (typed)")                                            \
	X(approval_always_number, SWITCH, "off", judge_switch,                 \
	    "ask for the number on a browser that is kept, too")               \
	X(approval_time, TIME, "3m", judge_time,                               \
	    "how long a browser waits for the phone")                          \
	X(approval_session_idle, TIME, "7d", judge_time,                       \
	    "a session that a phone approved ends when it was not used for "   \
	    "so long")                                                         \
	X(approval_session_life, TIME, "30d", judge_time,                      \
	    "and after so long at latest")                                     \
	X(browser_idle, TIME, "90d", judge_time,                               \
	    "a browser is kept no longer when it was not used for so long")    \
	X(browser_life, TIME, "400d", judge_time, "nor after so long")         \
	X(waiting, NUMBER, "10000", judge_connections,                         \
	    "connections that may wait for news at a time; 0: none waits")     \
	X(push, SWITCH, "on", judge_switch,                                    \
	    "wake phones by Web Push; off: they have to look themselves")      \
	X(push_subject, TEXT, "", judge_push_subject,                          \
	    "mailto: or https:, for push services that see trouble; empty: "   \
	    "https://<rp_id>")                                                 \
	X(push_hosts, LIST, "", judge_push_host,                               \
	    "push services that may be sent to, such as push.example or "      \
	    "*.push.example; empty: those of the browsers, and ntfy.sh")       \
	X(push_networks, LIST, "", judge_network,                              \
	    "private networks that a push service may be in")                  \
	X(push_proxy, TEXT, "", NULL, "URL of a proxy for pushes")             \
	X(push_ca, TEXT, "", NULL,                                             \
	    "PEM file of authorities to trust instead of the system's, for "   \
	    "pushes")                                                          \
	X(push_connect_to, LIST, "", NULL,                                     \
	    "HOST:PORT:TO-HOST:TO-PORT: goes to the latter instead, for "      \
	    "tests")                                                           \
	X(android_apps, LIST, "", judge_android_app,                           \
	    "PACKAGE:SHA256 of apps that share the passkeys "                  \
	    "(/.well-known/assetlinks.json)")                                  \
	X(apple_apps, LIST, "", judge_apple_app,                               \
	    "TEAM.BUNDLE of apps that share the passkeys "                     \
	    "(/.well-known/apple-app-site-association)")

struct config_list {
	size_t n;
	char **v; /* v[n] is NULL */
};

#define CONFIG_TYPE_TEXT char *
#define CONFIG_TYPE_LIST struct config_list
#define CONFIG_TYPE_NUMBER long
#define CONFIG_TYPE_SWITCH bool
#define CONFIG_TYPE_TIME int64_t /* milliseconds */

struct config {
#define X(name, kind, fallback, judge, help) CONFIG_TYPE_##kind name;
	CONFIG_OPTIONS(X)
#undef X
	bool trial; /* rp_id is not set: localhost, for trying it out */
	bool conformance; /* by the command line alone */
};

/* Everything that is wrong, a sentence each with the file and the line. */
struct config_problems {
	size_t n, warnings;
	FILE *to; /* where they are written as they are found; or NULL */
};

/* What the command line sets; it wins. */
struct config_override {
	const char *name, *value;
};

/*
 * Reads the file (NULL: $ITSUMO_CONFIG, else /etc/itsumo/itsumo.conf where it
 * exists, else none), the environment and over[over_n], and judges all of it.
 * NULL when p->n is not zero; else to be ended by config_free().
 */
struct config *config_read(const char *file, const struct config_override *over,
    size_t over_n, struct config_problems *p);
void config_free(struct config *c);

/* In trial mode the origin follows the port that is really listened at. */
bool config_trial_origin(struct config *c, unsigned port);

/* A commented file with every option and what holds without it. */
void config_print_sample(FILE *to);

#endif
