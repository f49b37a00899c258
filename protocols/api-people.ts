import { z } from 'zod';
import { crossingRole } from './inventory/campus.ts';
import { apiMistake } from './api-inventory.ts';
import { id } from './signal.ts';

/** As the reader sends it, without regard to case. */
export const cardNumber = z
  .string()
  .trim()
  .toUpperCase()
  .regex(/^[0-9A-Z:-]{1,64}$/, 'use 1 to 64 digits, letters, : and -');

export const personRole = z.enum([...crossingRole.options, 'other']);

/** Somebody who is on a roll or a roster. Personal data: reading it is logged. */
export const apiPerson = z.object({
  campus: id,
  id,
  name: z.string(),
  role: personRole,
  cards: z.array(z.string()),
});
export type ApiPerson = z.infer<typeof apiPerson>;

const fields = {
  name: z.string().trim().min(1).max(100),
  role: personRole,
  cards: z.array(cardNumber).max(10).default([]),
};
export const personGiven = z.strictObject(fields);
export const personListed = z.strictObject({ id, ...fields });
/** What a file makes of the people of a campus; with a mistake nothing is changed. Names are not repeated. */
export const apiPeopleImport = z.object({
  applied: z.boolean(),
  added: z.int(),
  changed: z.int(),
  removed: z.int(),
  mistakes: z.array(apiMistake),
});
export type PersonListed = z.output<typeof personListed>;
