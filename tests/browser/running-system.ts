import type { ChildProcess } from 'node:child_process';

/** Where `belfry up` says that its console is. */
export function consoleAddress(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let printed = '';
    const read = (bytes: Buffer) => {
      printed += bytes.toString();
      const address = /console\s+(http:\S+)/.exec(printed)?.[1];
      if (address) resolve(address.replace(/\/$/, ''));
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    child.once('exit', (code) => reject(new Error(`it ended with ${code}: ${printed}`)));
  });
}
