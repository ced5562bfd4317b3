/** A place outside of `packages` and `services` that names the version of Sluice. */
export interface VersionPlace {
  /** Path from the root of the repository. */
  readonly file: string;
  /** Matches the text before the version; with the flag `g` at several places of the file. */
  readonly before: RegExp;
}

/** The tag of one of Sluice's images: `sluice/ingress:`, or `sluice/$image:` in a loop of a shell. */
const imageTag = /\bsluice\/(?:ingress|worker|simulator|all|\$image):/g;

/** Every such place. Changesets raises the manifests of packages and services. */
export const versionPlaces: readonly VersionPlace[] = [
  { file: 'package.json', before: /"version": "/ },
  { file: 'deploy/helm/sluice/Chart.yaml', before: /^appVersion: '/m },
  { file: 'deploy/docker/Dockerfile', before: /^ARG VERSION=/m },
  { file: 'deploy/docker/Dockerfile', before: imageTag },
  { file: 'docker-compose.yml', before: imageTag },
  { file: 'docs/operations.md', before: imageTag },
  { file: 'docs/deploy/docker.md', before: imageTag },
];

/** A version, with a part such as `-beta.1`. */
const versionPattern = String.raw`\d+\.\d+\.\d+(?:-[\w.-]*\w)?`;

/**
 * Returns the text of the place's file with this version.
 * @throws Error if the text has no version there
 */
export function withVersion({ file, before }: VersionPlace, text: string, version: string): string {
  const pattern = new RegExp(`(?<=${before.source})${versionPattern}`, before.flags);
  if (text.search(pattern) === -1) throw new Error(`${file} has no version after ${before.source}`);
  return text.replace(pattern, version);
}
