-- tries: hides the writing WITH in a lambda
-- expect: refused
SELECT list_transform([1], lambda n: n + (WITH x AS (COPY (SELECT 1) TO '{LAKE}') SELECT 1 FROM x))
