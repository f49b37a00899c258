import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cards, driversPage, root } from './driver-cards.ts';

/** `npm run docs`: writes the pages that are made from data files. */
writeFileSync(join(root, 'docs/drivers.md'), driversPage(cards()));
