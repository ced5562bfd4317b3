import {
  anything,
  flag,
  image,
  listOf,
  mapping,
  mappings,
  matching,
  oneOf,
  orNull,
  type Schema,
  share,
  text,
  texts,
  textByName,
  whole,
} from './build.ts';

const address = matching('^[^\\s:/@]+:\\d{1,5}$');
const variable = matching('^[A-Za-z_][A-Za-z0-9_]*$');
const pullPolicies = oneOf('Always', 'IfNotPresent', 'Never');
const secretKey = { existingSecret: text, key: text };
const redisUser = mapping({ username: text, passwordKey: text });

/** Values besides the two services: images, secrets, Redis, exposure, monitoring. */
export const surroundings: Readonly<Record<string, Schema>> = {
  nameOverride: text,
  fullnameOverride: text,
  commonLabels: textByName,
  image: mapping({
    registry: text,
    tag: text,
    pullPolicy: pullPolicies,
    pullSecrets: mappings,
  }),
  clientKeys: mapping(secretKey),
  providerKeys: mapping({ existingSecret: text, names: listOf(variable) }),
  secretKey: mapping(secretKey),
  existingSecrets: texts,
  redis: mapping({
    url: matching('^(?:|rediss?://\\S+)$'),
    urlSecret: mapping({ name: text, key: text }),
    cluster: listOf(address),
    sentinel: mapping({ name: text, nodes: listOf(address) }),
    auth: mapping({
      existingSecret: text,
      ingress: redisUser,
      worker: redisUser,
      keda: redisUser,
      sentinel: redisUser,
    }),
    tls: mapping({ enabled: flag, existingSecret: text, caKey: text, certKey: text, keyKey: text, servername: text }),
    keyPrefix: matching('^[A-Za-z0-9][A-Za-z0-9:._-]{0,63}$'),
  }),
  database: mapping({
    existingSecret: text,
    key: text,
    url: matching('^(?:|postgres(?:ql)?://\\S+)$'),
    migration: mapping({ enabled: flag, resources: anything }),
  }),
  valkey: mapping({
    enabled: flag,
    image: text,
    pullPolicy: pullPolicies,
    config: text,
    resources: anything,
    persistence: mapping({ enabled: flag, storageClass: text, size: text }),
  }),
  global: anything,
  drain: mapping({
    longestAnswerSeconds: orNull(whole(1)),
    preStopSeconds: orNull(whole(0, 300)),
    followUpSeconds: whole(0, 3600),
    graceSeconds: whole(10),
    mayCutAnswers: flag,
  }),
  expose: mapping({
    ingress: mapping({
      enabled: flag,
      controller: oneOf('nginx', 'traefik', 'envoy', 'alb', 'other'),
      className: text,
      annotations: textByName,
      hosts: texts,
      tls: mappings,
    }),
    httpRoute: mapping({ enabled: flag, parentRefs: mappings, hostnames: texts, annotations: textByName }),
  }),
  networkPolicy: mapping({
    enabled: flag,
    clientsFrom: mappings,
    metricsFrom: mappings,
    dnsTo: mappings,
    redisTo: mappings,
    redisFrom: mappings,
    redisPorts: listOf(whole(1, 65_535)),
    databaseTo: mappings,
    databasePorts: listOf(whole(1, 65_535)),
    providersTo: mappings,
    providerPorts: listOf(whole(1, 65_535)),
    collectorTo: mappings,
    extraEgress: mappings,
  }),
  metrics: mapping({
    serviceMonitor: mapping({
      enabled: flag,
      interval: matching('^(?:\\d+(?:ms|s|m|h))+$'),
      labels: textByName,
      relabelings: mappings,
      metricRelabelings: mappings,
    }),
    prometheusRule: mapping({ enabled: flag, labels: textByName }),
    dashboards: mapping({ enabled: flag, label: text, labelValue: text, annotations: textByName }),
  }),
  tracing: mapping({ endpoint: matching('^(?:|https?://\\S+)$'), sampleRatio: share(0, 1), headersSecret: text }),
  demo: mapping({ enabled: flag, clientKey: text, image, resources: anything }),
  tests: mapping({ enabled: flag, model: text, existingSecret: text, key: text }),
  extraObjects: { type: 'array', items: { anyOf: [text, anything] } },
};
