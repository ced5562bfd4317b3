export { inRepository, readRepositoryFile } from './repository.ts';
export { isMissing, works } from './wanted-tool.ts';
export { type ComposeProject, composeProject } from './docker/compose-project.ts';
export { docker, hasEngine, run } from './docker/docker.ts';
export { bringBaseImages, bringCollectorImage, buildImage, imageOf, inspectImage } from './docker/images.ts';
