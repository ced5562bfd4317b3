import { readFileSync } from 'node:fs';
import { errorTable } from '@sluice/protocol';
import { describe, expect, it } from 'vitest';

const page = readFileSync(new URL('../../../../docs/architecture.md', import.meta.url), 'utf8');

const statusOf = new Map<string, number>(Object.entries(errorTable).map(([code, { status }]) => [code, status]));

/** A code that stands in for `upstream_rejected`: the worker gives it as if the provider had sent it. */
const upstreamCodes: ReadonlySet<string> = new Set(['invalid_image_url']);

interface Exit {
  readonly code: string;
  /** Statuses in front of the code. */
  readonly statuses: readonly string[];
}

/** Returns the codes of a label such as `400, 417 invalid_request<br/>404 unknown_url`. A line without a status belongs to the one before. */
function exitsOf(label: string): Exit[] {
  let statuses: readonly string[] = [];
  return label.split('<br/>').flatMap((line) => {
    const found = [...line.matchAll(/\b\d{3}\b/g)].map(([status]) => status);
    if (found.length > 0) statuses = found;
    return [...line.matchAll(/\b[a-z]+(?:_[a-z]+)*\b/g)]
      .map(([code]) => code)
      .filter((word) => word.includes('_') || statusOf.has(word))
      .map((code) => ({ code, statuses }));
  });
}

function faultsOf({ code, statuses }: Exit): string[] {
  const status = statusOf.get(code);
  if (upstreamCodes.has(code)) return [];
  if (status === undefined) return [`${code} is not an error code`];
  return statuses.length === 0 || statuses.includes(String(status)) ? [] : [`${code} has the status ${status}`];
}

describe("the diagram of a request's life", () => {
  const exits = [...page.matchAll(/-\.-> e\d+\["([^"]+)"\]/g)].flatMap(({ 1: label = '' }) => exitsOf(label));

  it('shows error codes with their statuses', () => {
    expect(exits.length).toBeGreaterThan(30);
    expect(exits.flatMap(faultsOf)).toEqual([]);
  });

  it('has a heading for each of its steps', () => {
    const steps = [...page.matchAll(/\bs\d+\["(\d+) ([^"]+)"\]/g)].map(
      ({ 1: number, 2: name = '' }) => `${number}. ${name}`,
    );
    const headings = [...page.matchAll(/^### (\d+\. .+)$/gm)].map(({ 1: heading = '' }) => heading.toLowerCase());
    expect(headings).toEqual(steps.map((step) => step.toLowerCase()));
    expect(headings.length).toBe(16);
  });
});
