-- tries: switches logging to a file on
-- expect: refused
SELECT * FROM enable_logging(storage := 'file')
