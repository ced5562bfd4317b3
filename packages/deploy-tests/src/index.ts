export { cacheFolder } from './cache-folder.ts';
export { inRepository, readRepositoryFile } from './repository.ts';
export { isMissing, works } from './wanted-tool.ts';
export { type ComposeProject, composeProject, type Container } from './docker/compose-project.ts';
export { docker, hasEngine } from './docker/docker.ts';
export { bringBaseImages, buildImage, imageOf, inspectImage } from './docker/images.ts';
