import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

/** Programs that {@link serviceCommand} can run. */
export type ServiceName = 'ingress' | 'worker' | 'simulator';

/** `source` runs the TypeScript sources, `dist` the built JavaScript. */
export type ServiceMode = 'source' | 'dist';

/** The flags with which the launcher and the images start services. */
const memory = z.array(z.string()).parse(JSON.parse(readFileSync(inRepo('packages/launcher/node-flags.json'), 'utf8')));

/** Returns the arguments with which Node runs one of our programs, like its image or script. */
export function serviceCommand(name: ServiceName, mode: ServiceMode): readonly string[] {
  const [folder, extension] = mode === 'source' ? (['src', 'ts'] as const) : (['dist', 'js'] as const);
  const main = (home: string): string => inRepo(`${home}/${folder}/main.${extension}`);
  const options = [...(mode === 'source' ? ['--conditions=@sluice/source'] : []), '--enable-source-maps'];
  // The simulator does not belong to the product and is not traced.
  if (name === 'simulator') return [...options, main('packages/simulator')];
  const register = inRepo(`packages/telemetry/${folder}/register.${extension}`);
  return [...options, ...memory, '--import', register, main(`services/${name}`)];
}

/** Returns the absolute path of a file in the repository. */
function inRepo(path: string): string {
  return fileURLToPath(new URL(`../../../../${path}`, import.meta.url));
}
