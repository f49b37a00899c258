import { writeSync } from 'node:fs';
import { realStreams } from '#platform/real/streams.ts';

/** Opens a tty and does nothing else. Says when each byte came, by a synchronous write that wakes no loop. */
await realStreams.open(
  { kind: 'tty', path: process.argv[2]!, baudRate: 9600 },
  {
    onData(bytes) {
      for (const byte of bytes) writeSync(1, `${byte} ${Date.now()}\n`);
    },
    onClose: () => process.exit(0),
  },
);
writeSync(1, 'open\n');
