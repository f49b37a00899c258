import { DatabaseError } from './database-error.ts';

const shape = /^[a-z0-9]{2}\/[a-z0-9]{1,128}(\.[a-z0-9]{1,8})?$/;

/** The name of a file as `FilePort` takes it: whatever it is made from, it leads nowhere else. */
export function fileName(name: string): string {
  if (shape.test(name)) return name;
  throw new DatabaseError('parameter', `${JSON.stringify(name.slice(0, 200))} is no name of a file here`);
}
