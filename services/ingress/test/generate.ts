import { writeArchitecturePage } from './inference/exchange/diagram.ts';

// Run by `npm run generate -w @sluice/ingress`.
writeArchitecturePage();
