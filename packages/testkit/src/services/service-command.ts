import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

/** The services that {@link serviceCommand} names. */
export type ServiceName = 'ingress' | 'worker' | 'simulator';

/** `source` runs the TypeScript as it lies there, `dist` what the build made of it. */
export type ServiceMode = 'source' | 'dist';

/** The flags with which the launcher and the images start services. */
const memory = z.array(z.string()).parse(JSON.parse(readFileSync(inRepo('packages/launcher/node-flags.json'), 'utf8')));

/** Node's arguments to run one of our programs, as its image or script would. */
export function serviceCommand(name: ServiceName, mode: ServiceMode): readonly string[] {
  const [folder, extension] = mode === 'source' ? (['src', 'ts'] as const) : (['dist', 'js'] as const);
  const main = (home: string): string => inRepo(`${home}/${folder}/main.${extension}`);
  const options = [...(mode === 'source' ? ['--conditions=@sluice/source'] : []), '--enable-source-maps'];
  // The simulator is no part of the product and is not traced.
  if (name === 'simulator') return [...options, main('packages/simulator')];
  const register = inRepo(`packages/telemetry/${folder}/register.${extension}`);
  return [...options, ...memory, '--import', register, main(`services/${name}`)];
}

/** The same from `src` and from `dist`. */
function inRepo(path: string): string {
  return fileURLToPath(new URL(`../../../../${path}`, import.meta.url));
}
