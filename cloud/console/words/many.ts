/** A count with its noun as English has it: 1 alert, 2 alerts. */
export const many = (n: number, one: string, more = `${one}s`) => `${n} ${n === 1 ? one : more}`;
