-- The tables that every question uses. `activity` is every row that was ever fetched, up to the end
-- of the period; the period is a small part of it, the rest is the baseline.
--
-- variables: period_start, period_end (UTC), time_zone, day_starts, day_ends (hours), known_types

CREATE TEMP TABLE kinds (activity VARCHAR, kind VARCHAR);
INSERT INTO kinds
SELECT unnest(types), kind FROM (VALUES
  ('log-in', ['admin_login_success', 'admin_login_failure', 'admin_logout']),
  ('export', ['app_data_export', 'bulk_export', 'conversation_pdf_export', 'macro_usage_export']),
  ('deletion', ['bulk_delete', 'app_data_deletion', 'workspace_deletion_request',
    'conversation_part_deletion', 'conversation_deletion_schedule_creation',
    'conversation_deletion_schedule_update', 'conversation_deletion_schedule_state_change']),
  ('permission', ['admin_permission_change', 'admin_provisioned', 'admin_invite_creation',
    'admin_invite_change', 'app_admin_join', 'role_change', 'role_creation', 'role_deletion',
    'inbox_access_change']),
  ('removal', ['admin_deletion', 'admin_deprovisioned']),
  ('sign-in', ['app_authentication_method_change', 'app_google_sso_domain_change',
    'app_identity_verification_change', 'security_settings_change',
    'trusted_domains_setting_change', 'admin_unauthorized_sign_in_method',
    'admin_password_reset_request', 'admin_password_reset_success']),
  ('two-factor', ['admin_two_factor_auth_change']),
  ('impersonation', ['admin_impersonation_start', 'admin_impersonation_end',
    'admin_impersonation_consent_approved', 'admin_impersonation_consent_revoked']),
  ('token', ['app_package_token_regeneration', 'oauth_token_revocation']),
  ('secret', ['custom_authentication_token_creation', 'messenger_api_secret_creation',
    'messenger_api_secret_deletion']),
  ('app', ['app_package_installation', 'app_package_uninstallation']),
  ('webhook', ['app_webhook_creation', 'app_webhook_deletion'])
) AS named (kind, types);

-- Types that Intercom may have added since, whose names concern security: they are for a person.
INSERT INTO kinds
SELECT DISTINCT activity, 'unknown' FROM activity
WHERE NOT list_contains(getvariable('known_types'), activity)
  AND regexp_matches(activity, '(token|key|auth|secret|role|export|security)', 'i');

-- The network of an address: /24, or /48.
CREATE TEMP MACRO network(ip) AS CASE WHEN contains(ip, ':')
  THEN array_to_string(string_split(ip, ':')[1:3], ':')
  ELSE array_to_string(string_split(ip, '.')[1:3], '.') END;

-- Each address of each teammate: when it was first seen, and when the teammate was first seen.
CREATE TEMP TABLE places AS
SELECT actor, ip, min(happened) AS first_at, min(min(happened)) OVER (PARTITION BY actor) AS known_since
FROM activity
WHERE ip <> '' AND activity <> 'admin_login_failure'
GROUP BY actor, ip;

-- The security-relevant rows of the period, with the reasons why they stand out.
CREATE TEMP TABLE security AS
WITH local AS (
  SELECT a.*, k.kind, timezone(getvariable('time_zone'), a.happened AT TIME ZONE 'UTC') AS local_at
  FROM activity AS a JOIN kinds AS k USING (activity)
  WHERE a.happened >= getvariable('period_start') AND a.happened < getvariable('period_end')
)
SELECT local.* EXCLUDE (local_at), list_filter([
    -- first seen less than a day ago, while the teammate was already known
    CASE WHEN p.first_at > p.known_since AND happened < p.first_at + INTERVAL 1 DAY
      AND p.first_at >= getvariable('period_start')
      THEN 'from an address new to this teammate' END,
    CASE WHEN isodow(local_at) > 5 OR hour(local_at) + minute(local_at) / 60 < getvariable('day_starts')
      OR hour(local_at) + minute(local_at) / 60 >= getvariable('day_ends')
      THEN 'outside working hours' END
  ], lambda flag : flag IS NOT NULL) AS flags
FROM local LEFT JOIN places AS p USING (actor, ip);
