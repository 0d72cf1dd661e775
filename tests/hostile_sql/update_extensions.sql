-- tries: updates extensions
-- expect: refused
UPDATE EXTENSIONS
