-- The matches of a rule, before it is asked what they count as: for the check of a rule, over no record.
FROM matches('requests');
