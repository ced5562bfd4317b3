/** Returns the error of a cluster's last node, if any: the cluster's own error only reports that no node was found. */
export const innermost = (error: Error): Error =>
  'lastNodeError' in error && error.lastNodeError instanceof Error ? error.lastNodeError : error;
