import { z } from 'zod';

/** A sentence for a technician, in both languages of the product. */
export const bilingual = z.object({ zh: z.string(), en: z.string() });
export type Bilingual = z.infer<typeof bilingual>;
