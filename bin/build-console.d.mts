/** Where the built page lies. */
export const consoleFolder: string;
/** Builds the page if it is missing or older than its sources; gives the folder to serve. */
export function ensureConsole(options?: { log?: (line: string) => void }): Promise<string>;
