/** Loaded first: records every module that the process loads, by import or require. */
import { registerHooks } from 'node:module';

const loadedModules: string[] = [];
Reflect.set(globalThis, 'loadedModules', loadedModules);
registerHooks({
  load(url, context, nextLoad) {
    loadedModules.push(url);
    return nextLoad(url, context);
  },
});
