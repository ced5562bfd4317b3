import {
  anything,
  flag,
  image,
  mapping,
  mappings,
  matching,
  oneOf,
  orNull,
  podsOrPercent,
  type Schema,
  share,
  text,
  textByName,
  whole,
} from './build.ts';

const probe = mapping({
  initialDelaySeconds: whole(0),
  periodSeconds: whole(1),
  timeoutSeconds: whole(1),
  failureThreshold: whole(1),
  successThreshold: whole(1),
  terminationGracePeriodSeconds: whole(1),
});

/** Placement and security of pods; `ingress.pod` and `worker.pod` override its keys. */
export const podSchema = mapping({
  nodeSelector: textByName,
  tolerations: mappings,
  affinity: anything,
  topologySpreadConstraints: orNull(mappings),
  priorityClassName: text,
  runtimeClassName: text,
  annotations: textByName,
  labels: textByName,
  securityContext: anything,
  containerSecurityContext: anything,
  dnsPolicy: oneOf('ClusterFirst', 'ClusterFirstWithHostNet', 'Default', 'None'),
  dnsConfig: anything,
  probes: mapping({ startup: probe, liveness: probe, readiness: probe }),
});

const hpa = (gauge: string): Schema =>
  mapping({
    enabled: flag,
    minReplicas: whole(1),
    maxReplicas: whole(1),
    [gauge]: orNull(whole(1)),
    cpu: orNull(whole(1, 100)),
    metrics: mappings,
    behavior: orNull(anything),
  });

const keda = mapping({
  enabled: flag,
  trigger: oneOf('prometheus', 'redis'),
  minReplicas: whole(1),
  maxReplicas: whole(1),
  targetUtilization: share(0.05, 1),
  pollingInterval: whole(1),
  prometheus: mapping({ serverAddress: text, selector: text, authenticationRef: text }),
  fallback: mapping({
    failureThreshold: whole(1),
    replicas: whole(1),
    behavior: oneOf('static', 'currentReplicas', 'currentReplicasIfHigher', 'currentReplicasIfLower'),
  }),
  behavior: orNull(anything),
});

/** Values that both services have. */
const component: Readonly<Record<string, Schema>> = {
  replicas: whole(0),
  image,
  resources: anything,
  drainTimeoutSeconds: orNull(whole(0)),
  terminationGracePeriodSeconds: orNull(whole(1)),
  extraEnv: mappings,
  extraEnvFrom: mappings,
  extraVolumes: mappings,
  extraVolumeMounts: mappings,
  initContainers: mappings,
  sidecars: mappings,
  pod: podSchema,
  strategy: anything,
  revisionHistoryLimit: whole(0),
  serviceAccount: mapping({ create: flag, name: text, annotations: textByName }),
  pdb: mapping({ enabled: flag, maxUnavailable: orNull(podsOrPercent), minAvailable: orNull(podsOrPercent) }),
};

export const ingressSchema = mapping({
  ...component,
  hpa: hpa('openStreams'),
  service: mapping({
    type: oneOf('ClusterIP', 'NodePort', 'LoadBalancer'),
    port: whole(1, 65_535),
    annotations: textByName,
    externalTrafficPolicy: matching('^(?:|Cluster|Local)$'),
  }),
});

export const workerSchema = mapping({ ...component, hpa: hpa('activeJobs'), keda });
