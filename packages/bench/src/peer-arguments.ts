import { type Option, readNumber } from './read-number.ts';

/** Another gateway to measure in the same run. */
export interface Peer {
  /** Name of its column. */
  readonly name: string;
  /** Base URL, as in `http://127.0.0.1:8787/v1`. */
  readonly url: string;
  readonly apiKey: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Name of the model before the simulator's directives. */
  readonly model: string;
  /** Roots of its process trees; without any, its CPU and memory are not measured. */
  readonly pids: readonly number[];
  /** Its container image, whose size is measured. */
  readonly image: string | undefined;
}

type Draft = { -readonly [Key in keyof Peer]: Peer[Key] };
type Read = (peer: Draft, value: string, problems: string[]) => void;

/** Options of the last `--peer` before them. */
const peerOptions: Readonly<Record<string, Read>> = {
  '--peer-name': (peer, value) => void (peer.name = value),
  '--peer-key': (peer, value) => void (peer.apiKey = value),
  '--peer-model': (peer, value) => void (peer.model = value),
  '--peer-image': (peer, value) => void (peer.image = value),
  '--peer-header': readHeader,
  '--peer-pid': readPid,
};

/** Columns of the tables beside those of peers. */
export const ownColumns = { direct: 'direct', proxy: 'express + undici', sluice: 'Sluice' } as const;

/** Returns whether an option describes a peer. */
export const isOfPeer = (name: string): boolean => name === '--peer' || Object.hasOwn(peerOptions, name);

/** Reads the peers from their options, which must be in the given order. */
export function readPeers(options: readonly Option[], problems: string[]): Peer[] {
  const peers: Draft[] = [];
  for (const { name, value } of options) {
    const peer = peers.at(-1);
    if (name === '--peer') peers.push(newPeer(value, problems));
    else if (peer === undefined) problems.push(`${name}: must come after the --peer that it belongs to`);
    else peerOptions[name]?.(peer, value, problems);
  }
  const names: string[] = [...Object.values(ownColumns), ...peers.map(({ name }) => name)];
  for (const name of new Set(names.filter((each, at) => names.indexOf(each) !== at))) {
    problems.push(`--peer-name: each target needs a name of its own; two are called "${name}"`);
  }
  return peers;
}

function newPeer(value: string, problems: string[]): Draft {
  const url = URL.parse(value);
  const isHttp = url?.protocol === 'http:' || url?.protocol === 'https:';
  if (!isHttp || url.search !== '' || url.hash !== '') {
    problems.push(`--peer: must be a base URL such as http://127.0.0.1:8787/v1; it is "${value}"`);
  }
  return {
    name: url?.host ?? value,
    url: value.replace(/\/+$/, ''),
    apiKey: 'sk-bench',
    headers: {},
    model: 'demo',
    pids: [],
    image: undefined,
  };
}

function readHeader(peer: Draft, value: string, problems: string[]): void {
  const [, name, content] = /^([\w!#$%&'*+.^`|~-]+):\s*(\P{Cc}*\S)\s*$/u.exec(value) ?? [];
  if (name === undefined || content === undefined) {
    problems.push(`--peer-header: must be "name: value"; it is "${value}"`);
  } else {
    peer.headers = { ...peer.headers, [name.toLowerCase()]: content };
  }
}

function readPid(peer: Draft, value: string, problems: string[]): void {
  const pid = readNumber({ name: '--peer-pid', value }, { least: 1 }, problems);
  if (pid !== undefined) peer.pids = [...peer.pids, pid];
}
