-- Included by the scripts beside it. A correction moves a rate at most this far into the future (1 h), and a stored
-- rate further ahead is read as 1 h, or as the burst if that is longer: the numbers come from providers, and a wrong
-- one must not lock a key out.
local longest_debt_ms = 3600000
