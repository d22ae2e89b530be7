/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEB_SERVER_HANDLERS_H
#define WEB_SERVER_HANDLERS_H

#include "web/server/request.h"

/* Each is described where the API is: web/README.md. */
web_handler web_service_get, web_openapi_get;
web_handler web_invitation_check, web_signup_options, web_signup_verify;
web_handler web_login_options, web_login_verify;
web_handler web_proof_options, web_proof_verify;
web_handler web_session_get, web_logout;
web_handler web_account_get, web_account_patch, web_account_delete;
web_handler web_passkeys_get, web_passkeys_options, web_passkeys_verify;
web_handler web_passkey_patch, web_passkey_delete;
web_handler web_model_icon;
web_handler web_sessions_get, web_session_delete, web_sessions_delete;
web_handler web_history_get, web_history_seen;
web_handler web_passkey_endpoints, web_change_password, web_related_origins;
web_handler web_assetlinks, web_apple_app_site;
web_handler web_approvals_post, web_approval_get, web_approval_events;
web_handler web_approval_cancel, web_approval_collect;
web_handler web_offers_post, web_offer_get, web_offer_confirm, web_offer_state;
web_handler web_phones_options, web_phones_post, web_phones_get;
web_handler web_phone_push, web_phone_patch, web_phone_delete;
web_handler web_companion_list, web_companion_get, web_companion_choice;
web_handler web_companion_assertion, web_companion_history;
web_handler web_companion_lock, web_companion_leave, web_companion_mute;
web_handler web_companion_browsers, web_companion_browser_patch,
    web_companion_browser_delete, web_companion_browsers_delete;
web_handler web_browsers_get, web_browsers_post, web_browser_patch;
web_handler web_browser_delete, web_browsers_delete;
web_handler web_attestation_options, web_attestation_result;
web_handler web_assertion_options, web_assertion_result;

#endif
