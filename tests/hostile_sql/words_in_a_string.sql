-- tries: only talks of writing
-- expect: harmless
SELECT 'COPY x TO y; DROP TABLE z' AS text, {'type': 'COPY_QUERY_NODE', 'function_name': 'getenv'} AS object
