import type { Evidence } from '#protocols/four-hundred/evidence.ts';
import { duration, span } from '../../reading/times.ts';
import type { Speech } from '../../words/language.ts';
import { dayAndTime } from './figures.ts';

/** A piece of evidence in the words of whoever would check it on the spot. */
export function evidenceSaid(piece: Evidence, speech: Speech): string {
  const { words, of } = speech;
  const because = (text: string, reason: { zh: string; en: string } | undefined) =>
    reason === undefined ? text : `${text} · ${of(reason)}`;
  switch (piece.kind) {
    case 'state': {
      const said = because(words.evidenceState(piece.state), piece.reason);
      return piece.holds_ms === null
        ? said
        : `${said} · ${words.evidenceHolds(span(piece.holds_ms, speech))}`;
    }
    case 'clock':
      return words.evidenceClock(piece.offset_s.toFixed(1));
    case 'picture':
      return because(piece.good ? words.evidencePictureGood : words.evidencePictureBad, piece.reason);
    case 'recording':
      return words.evidenceRecording(piece.days.toFixed(0));
    case 'proof':
      return piece.latency_ms === null
        ? words.evidenceProof(piece.proved)
        : words.evidenceProofIn(piece.proved, duration(piece.latency_ms, speech));
    case 'contact':
      return piece.open ? words.evidenceOpened : words.evidenceClosed;
    case 'explained':
      return words.evidenceExplained(piece.by, piece.reason);
    case 'check-in': {
      const who = piece.person ?? words.evidenceSomebody;
      return piece.on ? words.evidenceCheckIn(who) : words.evidenceCheckOut(who);
    }
    case 'duty-poll':
      return piece.answered ? words.evidencePollAnswered : words.evidencePollMissed;
    case 'drill':
      return because(words.evidenceDrill, piece.name);
    case 'maintenance':
      return words.evidenceMaintenance(piece.by, dayAndTime(piece.to, speech), piece.reason);
    case 'maintenance-ended':
      return words.evidenceMaintenanceEnded(piece.by);
    case 'outage':
      return words.evidenceOutage(piece.to === null ? words.evidenceStill : dayAndTime(piece.to, speech));
  }
}
