import type { BillStatement } from './bill/bill.ts';
import type { CallRecord, CallStats } from './audit/call-record.ts';
import { createAudit } from './audit/audit.ts';
import { createConversations } from './faults/conversations.ts';
import { createProviders } from './providers.ts';
import { checkRules, type ScriptRule } from './script/rule.ts';
import { createScript } from './script/script.ts';
import { control, controlPrefix, isRefusalMs, longestRefusalMs } from './server/control.ts';
import { exchange } from './server/exchange.ts';
import { listen } from './server/listener.ts';

/** Address on which a simulator listens. */
export interface SimulatorOptions {
  /** 0 selects a free port. */
  readonly port: number;
  /** Default: 127.0.0.1. */
  readonly host?: string;
}

/** A running simulator. */
export interface Simulator {
  /** URL without a path: `http://127.0.0.1:9900`. An OpenAI client's base URL is this with `/v1`. */
  readonly url: string;
  readonly port: number;
  /** The last 20,000 calls in their current state, oldest first. */
  calls(): readonly CallRecord[];
  stats(): CallStats;
  /** The bill for the calls to models that have ended. */
  bill(): BillStatement;
  /** Deletes calls, counts, bill, tries of conversations, the script and iFlow's logins. Running calls continue. */
  reset(): void;
  /**
   * Appends rules to the script.
   * @throws TypeError with the rule and field that can't be read.
   */
  script(rules: readonly ScriptRule[]): void;
  /**
   * Cuts all connections and refuses new ones for a number of milliseconds; resolves when it refuses.
   * @throws RangeError if `ms` is not a whole number from 1 to 600,000.
   */
  refuse(ms: number): Promise<void>;
  /** Cuts all connections and stops permanently. */
  close(): Promise<void>;
}

/**
 * Starts a simulator in this process.
 * @throws the system's error (`EADDRINUSE`, …) if it can't listen.
 */
export async function startSimulator({ port, host = '127.0.0.1' }: SimulatorOptions): Promise<Simulator> {
  const audit = createAudit();
  const conversations = createConversations();
  const script = createScript();
  const needs = { providers: createProviders(), audit, conversations, script, refuse } as const;
  const listener = await listen({
    port,
    host,
    onCut: () => audit.cutOpen(),
    onRequest(request, response) {
      const [path = ''] = (request.url ?? '').split('?', 1);
      const answer = path.startsWith(controlPrefix) ? control : exchange;
      answer(needs, { request, response, path }).catch((error: unknown) => {
        // A bug of the simulator is reported in the answer, so that it is not searched for in the system under test.
        if (!response.headersSent) response.writeHead(500);
        response.end(`The simulator itself failed: ${error instanceof Error ? error.stack : String(error)}`);
      });
    },
  });

  async function refuse(ms: number): Promise<void> {
    if (!isRefusalMs(ms)) throw new RangeError(`ms must be a whole number from 1 to ${longestRefusalMs}.`);
    await listener.refuse(ms);
  }

  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${listener.port}`,
    port: listener.port,
    calls: () => audit.calls(),
    stats: () => audit.stats(),
    bill: () => audit.statement(),
    reset() {
      audit.clear();
      conversations.clear();
      script.clear();
      for (const provider of needs.providers) provider.forget?.();
    },
    script(rules) {
      const checked = checkRules(rules);
      if ('problem' in checked) throw new TypeError(checked.problem);
      script.add(checked.rules);
    },
    refuse,
    close: () => listener.close(),
  };
}
