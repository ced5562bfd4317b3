import { BlockList, isIPv6 } from 'node:net';
import { z } from 'zod';
import type { Manifest } from './helm.ts';

const labelsSchema = z.record(z.string(), z.string());
const selectorSchema = z.strictObject({ matchLabels: labelsSchema.optional() });
const ruleShape = {
  ports: z.array(z.strictObject({ port: z.union([z.number(), z.string()]), protocol: z.enum(['TCP', 'UDP']) })),
  peers: z
    .array(
      z.strictObject({
        podSelector: selectorSchema.optional(),
        namespaceSelector: selectorSchema.optional(),
        ipBlock: z.strictObject({ cidr: z.string(), except: z.array(z.string()).default([]) }).optional(),
      }),
    )
    .optional(),
};
const policySchema = z.looseObject({
  spec: z.strictObject({
    podSelector: selectorSchema,
    policyTypes: z.tuple([z.literal('Ingress'), z.literal('Egress')]),
    ingress: z.array(z.strictObject({ ports: ruleShape.ports, from: ruleShape.peers })),
    egress: z.array(z.strictObject({ ports: ruleShape.ports, to: ruleShape.peers })),
  }),
});

/** One side of a connection: a pod of a namespace, or an address outside of the cluster. */
export type Side =
  | { readonly kind: 'pod'; readonly labels: Labels; readonly namespace: string; readonly portNames?: Labels }
  | { readonly kind: 'outside'; readonly address: string };

type Labels = Readonly<Record<string, string>>;

export interface Connection {
  readonly from: Side;
  readonly to: Side;
  readonly port: number;
  readonly protocol?: 'TCP' | 'UDP';
}

type Peers = z.infer<typeof ruleShape.peers>;

/**
 * Judges a connection as the NetworkPolicy API defines it: both sides must allow it, and a pod that no policy selects
 * allows everything. Supports only the fields that this chart writes; any other is an error of the schema.
 */
export function letsThrough(manifests: readonly Manifest[], namespace: string, connection: Connection): boolean {
  const policies = manifests.filter(({ kind }) => kind === 'NetworkPolicy').map((one) => policySchema.parse(one).spec);
  const judge = (side: Side, other: Side, direction: 'ingress' | 'egress'): boolean => {
    if (side.kind === 'outside' || side.namespace !== namespace) return true;
    const own = policies.filter(({ podSelector }) => matches(podSelector.matchLabels, side.labels));
    const rules = own.flatMap((policy) =>
      direction === 'ingress'
        ? policy.ingress.map(({ ports, from }) => ({ ports, peers: from }))
        : policy.egress.map(({ ports, to }) => ({ ports, peers: to })),
    );
    return (
      own.length === 0 ||
      rules.some(({ ports, peers }) => hasPort(ports, connection) && hasPeer(peers, other, namespace))
    );
  };
  return judge(connection.from, connection.to, 'egress') && judge(connection.to, connection.from, 'ingress');
}

function hasPort(ports: z.infer<typeof ruleShape.ports>, { to, port, protocol = 'TCP' }: Connection): boolean {
  const names = to.kind === 'pod' ? (to.portNames ?? {}) : {};
  return ports.some((one) => one.protocol === protocol && String(port) === (names[one.port] ?? String(one.port)));
}

function hasPeer(peers: Peers, side: Side, ownNamespace: string): boolean {
  if (peers === undefined) return true;
  return peers.some(({ ipBlock, namespaceSelector, podSelector }) => {
    if (ipBlock !== undefined) return side.kind === 'outside' && isWithin(ipBlock, side.address);
    if (side.kind === 'outside') return false;
    const namespaceLabels = { 'kubernetes.io/metadata.name': side.namespace };
    const isNamespace =
      namespaceSelector === undefined
        ? side.namespace === ownNamespace
        : matches(namespaceSelector.matchLabels, namespaceLabels);
    return isNamespace && matches(podSelector?.matchLabels, side.labels);
  });
}

const matches = (wanted: Labels = {}, labels: Labels): boolean =>
  Object.entries(wanted).every(([name, value]) => labels[name] === value);

function isWithin({ cidr, except }: { cidr: string; except: readonly string[] }, address: string): boolean {
  const holds = (range: string): boolean => {
    const [net = '', bits = ''] = range.split('/');
    if (isIPv6(net) !== isIPv6(address)) return false;
    const list = new BlockList();
    const family = isIPv6(net) ? 'ipv6' : 'ipv4';
    list.addSubnet(net, Number(bits), family);
    return list.check(address, family);
  };
  return holds(cidr) && !except.some(holds);
}
