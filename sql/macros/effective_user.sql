-- Whom the request was made as: the impersonated user, else the caller.
CREATE MACRO effective_user(username, impersonated_username) AS coalesce(nullif(impersonated_username, ''), username);
