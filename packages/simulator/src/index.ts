export type { CallCounts, CallOutcome, CallRecord, CallStats, Moment } from './audit/call-record.ts';
export type { ScriptRule } from './script/rule.ts';
export { type Simulator, type SimulatorOptions, startSimulator } from './simulator.ts';
