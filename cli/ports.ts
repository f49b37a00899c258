import { createServer } from 'node:net';

/** A listen error that knows which option moves the port elsewhere. */
export interface PortTaken extends Error {
  code: 'EADDRINUSE';
  port: number;
  option: string;
}

export function isPortTaken(error: unknown): error is PortTaken {
  return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE' && 'option' in error;
}

/** Adds the option's name to an EADDRINUSE of `listen`, so that the user learns what to change. */
export async function listening<T>(port: number, option: string, listen: () => Promise<T>): Promise<T> {
  try {
    return await listen();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') {
      throw Object.assign(error, { port, option });
    }
    throw error;
  }
}

/** Asks the system for a TCP port on loopback that nobody has now; 0 becomes such a port, others are checked. */
export async function reservePort(port: number, option: string): Promise<number> {
  const server = createServer();
  return listening(port, option, async () => {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', resolve);
    });
    const address = server.address();
    const got = typeof address === 'object' && address !== null ? address.port : port;
    await new Promise((resolve) => server.close(resolve));
    return got;
  });
}
