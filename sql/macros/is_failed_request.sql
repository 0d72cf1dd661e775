-- Whether a request failed: an HTTP code of 400 or more. A gRPC code of GKE from 1 to 16 is
-- mapped to such a code when it is normalized. Null, no code, gives null.
-- response_code  INTEGER
CREATE MACRO is_failed_request(response_code) AS response_code >= 400;
