/**
 * Loaded before all other modules: `node --import @sluice/telemetry/register main.js`. Starts tracing if the standard
 * OpenTelemetry variables name an exporter; otherwise does nothing and does not even load the SDK.
 */
import { startTelemetry } from './start.ts';

await startTelemetry({ env: process.env, mainPath: process.argv[1] });
