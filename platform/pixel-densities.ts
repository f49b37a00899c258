import { fileURLToPath } from 'node:url';
import { type DensityEdition, pixelDensities } from '#protocols/sight/pixel-density.ts';
import { readConfiguration } from './configuration.ts';

/** The editions of EN/IEC 62676-4 that come with the product. */
export const shippedDensities = fileURLToPath(
  new URL('../protocols/sight/pixel-density.yaml', import.meta.url),
);

/** Reads classes of pixel density, oldest edition first. Throws a `ConfigurationError` with file and line. */
export function readDensities(file = shippedDensities): DensityEdition[] {
  return readConfiguration(file, pixelDensities, { env: {} }).value.editions;
}
