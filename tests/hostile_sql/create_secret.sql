-- tries: makes a secret
-- expect: refused
CREATE SECRET s (TYPE s3)
