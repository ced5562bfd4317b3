export { cacheFolder } from './cache-folder.ts';
export { inRepository, readRepositoryFile } from './repository.ts';
export { isMissing, works } from './wanted-tool.ts';
