import { startSimulator } from './simulator.ts';

const { SIMULATOR_PORT: given = '9900', HOST: host = '127.0.0.1' } = process.env;
/** In Kubernetes a service named `simulator` sets `SIMULATOR_PORT=tcp://10.0.0.1:9900`, which is not a port setting. */
const portText = /^(?:tcp|udp|sctp):/.test(given) ? '9900' : given;

if (/^\d{1,5}$/.test(portText) && Number(portText) <= 65_535) await run(Number(portText));
else fail(`SIMULATOR_PORT must be a number from 0 to 65535, not "${portText}".`);

async function run(port: number): Promise<void> {
  try {
    const simulator = await startSimulator({ port, host });
    process.once('SIGINT', () => void simulator.close());
    process.once('SIGTERM', () => void simulator.close());
    console.log(
      `simulator: OpenAI at ${simulator.url}/v1, other providers at their own paths; audit log at ${simulator.url}/_sim/calls`,
    );
  } catch (error) {
    fail(describe(error, port));
  }
}

function describe(error: unknown, port: number): string {
  if (!(error instanceof Error)) return String(error);
  const isInUse = 'code' in error && error.code === 'EADDRINUSE';
  return isInUse ? `port ${port} on ${host} is in use; set SIMULATOR_PORT to a free one.` : error.message;
}

function fail(message: string): void {
  console.error(`simulator: ${message}`);
  process.exitCode = 1;
}
