-- tries: checkpoints
-- expect: refused
CHECKPOINT
