import { works } from '../wanted-tool.ts';
import { canHave, goTool } from '../kube/go-tools.ts';

/** Returns whether Helm is available or can be built. `HELM` names another one than that of the search path. */
export const canHaveHelm = (): boolean => works(named(), ['version']) || canHave('helm');

/** Returns the command for Helm; builds Helm once if there is none. */
export const findHelm = async (): Promise<string> => (works(named(), ['version']) ? named() : await goTool('helm'));

const named = (): string => process.env['HELM'] || 'helm';
