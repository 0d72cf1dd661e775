-- The one address that the API server saw itself: the last entry. Those before it come from
-- headers, which the client chooses.
CREATE MACRO source_ip(source_ips) AS source_ips[-1];
