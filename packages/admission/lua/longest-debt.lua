-- Included by the scripts beside it. No correction puts a rate further than this into the future (1 h), and one that
-- lies further is read as if it did not: numbers come from providers, and a wrong one must not lock a key out.
local longest_debt_ms = 3600000
