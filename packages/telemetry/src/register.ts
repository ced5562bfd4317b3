/**
 * Loaded before everything else: `node --import @sluice/telemetry/register main.js`. Starts tracing if the standard
 * OpenTelemetry variables name an exporter, and otherwise nothing: then not even the SDK's code is read.
 */
import { startTelemetry } from './start.ts';

await startTelemetry({ env: process.env, mainPath: process.argv[1] });
