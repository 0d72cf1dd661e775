-- tries: begins a transaction
-- expect: refused
BEGIN TRANSACTION
