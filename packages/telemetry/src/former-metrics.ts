/** Former names of metrics, by current name. The same values are exposed under both until the next release. */
export const formerMetrics: Readonly<Record<string, string>> = {
  sluice_leases_in_use: 'sluice_slots_in_use',
  sluice_leases_limit: 'sluice_slots_limit',
  sluice_resumed_streams_total: 'sluice_rescued_streams_total',
  sluice_circuit_open: 'sluice_breaker_open',
};
