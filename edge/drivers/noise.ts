/** A minute with more than this is a noisy one; two in a row are a fault, two clean ones end it. */
const noisyMinute = { crcErrors: 3, bytes: 64 };
const minutesToTell = 2;

/** Counts noise by the minute. `tell` gets true or false when a run of minutes decides, else null. */
export function noiseMeter(tell: (noisy: boolean | null, crcErrors: number, bytes: number) => void) {
  let crcErrors = 0;
  let bytes = 0;
  let run = { noisy: false, minutes: 0 };
  return {
    count(errors: number, discarded: number): void {
      crcErrors += errors;
      bytes += discarded;
    },
    minute(): void {
      const noisy = crcErrors > noisyMinute.crcErrors || bytes > noisyMinute.bytes;
      run = noisy === run.noisy ? { noisy, minutes: run.minutes + 1 } : { noisy, minutes: 1 };
      tell(run.minutes >= minutesToTell ? noisy : null, crcErrors, bytes);
      crcErrors = 0;
      bytes = 0;
    },
  };
}
