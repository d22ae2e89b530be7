/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_CONFIG_JUDGE_H
#define WEB_CONFIG_JUDGE_H

#include "web/config.h"

/*
 * Judges of single values: NULL, or what is wrong with it, to be put behind
 * the value.  They have a name each in CONFIG_OPTIONS.
 */
typedef const char *config_judge(const char *value);

config_judge judge_listen, judge_ops_listen, judge_set, judge_rp_id,
    judge_label, judge_origin, judge_switch, judge_sign_up, judge_network,
    judge_forwarded, judge_time, judge_algorithm, judge_attestation,
    judge_workers, judge_limits_factor, judge_threads, judge_connections,
    judge_log_level, judge_policy, judge_user_verification, judge_format,
    judge_accept, judge_demand, judge_aaguid, judge_backup,
    judge_tpm_manufacturer, judge_status, judge_match, judge_push_host,
    judge_push_subject, judge_android_app, judge_apple_app, judge_support;

/* "90s", "5m", "2h", "14d" in milliseconds; -1 where it is none of these. */
int64_t config_time(const char *value);
/* -1 where it is none. */
int config_switch(const char *value);
enum { CONFIG_ALGORITHMS_MAX = 16 };
/* The COSE number of an algorithm's name; 0 where it is none that we know. */
int32_t config_algorithm(const char *name);

/* "39a5647e-1853-446c-a1f6-a79bae9f5bc7" as bytes; false: it is none. */
bool config_aaguid(const char *text, uint8_t aaguid[16]);

/* What holds between the options of CONFIG_POLICY; each finding goes to p. */
void config_judge_policy(const struct config *c, struct config_problems *p);
/* And between all; it asks the one above. */
void config_judge_whole(const struct config *c, struct config_problems *p);
/* The part of it that is about origins. */
void config_judge_origins(const struct config *c, struct config_problems *p);

/* error: counts, else a warning. */
__attribute__((format(printf, 3, 4))) void config_complain(
    struct config_problems *p, bool error, const char *format, ...);

#endif
