import { Worker } from 'node:worker_threads';
import type { Sheet } from '#protocols/inventory/tables/rows.ts';
import { SpreadsheetError, type SpreadsheetFormat, type SpreadsheetPort } from '../spreadsheets.ts';
import type { SpreadsheetAnswer, SpreadsheetQuestion } from './spreadsheet-worker.ts';

const memoryMb = 512;
const timeMs = 30_000;
const waitingLimit = 4;

/** Each file in a thread of its own that may take so much memory and time; one after the other. */
export function realSpreadsheets(): SpreadsheetPort {
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  return {
    async read(bytes, format, name) {
      if (waiting >= waitingLimit)
        throw new SpreadsheetError({
          zh: '正在读取别的文件，请稍后再试',
          en: 'other files are being read; try again in a moment',
        });
      waiting += 1;
      const read = last.then(() => readOne({ bytes, format, name })).finally(() => (waiting -= 1));
      last = read.catch(() => {});
      return read;
    },
  };
}

function readOne(question: { bytes: Uint8Array; format: SpreadsheetFormat; name: string }): Promise<Sheet[]> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./spreadsheet-worker.ts', import.meta.url), {
      workerData: question satisfies SpreadsheetQuestion,
      resourceLimits: { maxOldGenerationSizeMb: memoryMb, maxYoungGenerationSizeMb: 64 },
    });
    const refuse = () =>
      reject(
        new SpreadsheetError({
          zh: '文件太大或太复杂，读取时超出了限制：请分成几个文件',
          en: 'this file is too large or too intricate to be read: give it in several files',
        }),
      );
    const timer = setTimeout(() => {
      refuse();
      void worker.terminate();
    }, timeMs);
    worker.once('message', (answer: SpreadsheetAnswer) => {
      if (answer.ok) resolve(answer.sheets);
      else reject(new SpreadsheetError(answer.text));
      void worker.terminate();
    });
    worker.once('error', refuse);
    worker.once('exit', () => {
      clearTimeout(timer);
      refuse();
    });
  });
}
